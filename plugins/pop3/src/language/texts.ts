/** English → the other languages. */

/** English, German, French. */
const texts: readonly (readonly [english: string, german: string, french: string])[] = [
  ['Name is a valid mailbox', 'Der Name ist ein gültiges Postfach', 'Le nom est une boîte valide'],
  ['Maildrop locked and ready', 'Das Postfach ist gesperrt und bereit', 'La boîte est verrouillée et prête'],
  ['Goodbye', 'Auf Wiedersehen', 'Au revoir'],
  ['Message follows', 'Die Nachricht folgt', 'Le message suit'],
  ['message deleted', 'Die Nachricht ist gelöscht', 'Le message est supprimé'],
  ['scan listing follows', 'Die Liste folgt', 'La liste suit'],
  ['unique-id listing follows', 'Die Liste der Kennungen folgt', 'La liste des identifiants suit'],
  ['List of capabilities follows', 'Die Liste der Fähigkeiten folgt', 'La liste des capacités suit'],
  ['List of supported mechanisms follows', 'Die Liste der Verfahren folgt', 'La liste des mécanismes suit'],
  ['Language listing follows', 'Die Liste der Sprachen folgt', 'La liste des langues suit'],
  ['Language changed', 'Die Sprache ist gewechselt', 'La langue est changée'],
  [
    'This language is not spoken here',
    'Diese Sprache gibt es hier nicht',
    "Cette langue n'est pas disponible",
  ],
  ['UTF8 enabled', 'UTF8 ist eingeschaltet', 'UTF8 est activé'],
  ['Begin TLS negotiation now', 'TLS kann beginnen', 'La négociation TLS peut commencer'],
  ['TLS is in place already', 'TLS ist schon da', 'TLS est déjà en place'],
  ['TLS is not available', 'TLS gibt es hier nicht', "TLS n'est pas disponible"],
  ['STLS comes before UTF8', 'STLS kommt vor UTF8', 'STLS vient avant UTF8'],
  ['No such message', 'Diese Nachricht gibt es nicht', "Ce message n'existe pas"],
  ['Unknown command', 'Unbekannter Befehl', 'Commande inconnue'],
  ['Log in first', 'Zuerst anmelden', "Il faut d'abord s'identifier"],
  ['You have logged in already', 'Die Anmeldung ist schon geschehen', 'Vous êtes déjà identifié'],
  ['The line is too long', 'Die Zeile ist zu lang', 'La ligne est trop longue'],
  ['Give USER first', 'Zuerst USER', "D'abord USER"],
  ['APOP is not offered', 'APOP wird nicht angeboten', "APOP n'est pas proposé"],
  ['Authentication failed', 'Die Anmeldung ist gescheitert', "L'authentification a échoué"],
  ['Authorization failed', 'Die Anmeldung ist nicht erlaubt', "L'autorisation a échoué"],
  ['Authentication cancelled', 'Die Anmeldung ist abgebrochen', "L'authentification est annulée"],
  [
    'Authentication is not possible now',
    'Die Anmeldung ist jetzt nicht möglich',
    "L'authentification n'est pas possible pour l'instant",
  ],
  [
    'Passwords are taken over TLS only: say STLS first',
    'Kennwörter nur über TLS: zuerst STLS',
    "Les mots de passe ne passent que par TLS : d'abord STLS",
  ],
  [
    'The maildrop is locked by another POP3 session',
    'Das Postfach ist durch eine andere POP3-Sitzung gesperrt',
    'La boîte est verrouillée par une autre session POP3',
  ],
  ['There is no such maildrop', 'Dieses Postfach gibt es nicht', "Cette boîte n'existe pas"],
  [
    'You may not read this maildrop',
    'Dieses Postfach ist nicht lesbar',
    'Vous ne pouvez pas lire cette boîte',
  ],
  [
    'You may not delete messages here',
    'Hier dürfen Sie keine Nachrichten löschen',
    'Vous ne pouvez pas supprimer de messages ici',
  ],
  [
    'The message has been removed by another session',
    'Eine andere Sitzung hat die Nachricht gelöscht',
    'Une autre session a supprimé le message',
  ],
  ['The message needs UTF8', 'Die Nachricht braucht UTF8', 'Le message a besoin de UTF8'],
  [
    'The lock is lost, nothing is deleted',
    'Die Sperre ist verloren, nichts ist gelöscht',
    "Le verrou est perdu, rien n'est supprimé",
  ],
  [
    'The server is going down, try again later',
    'Der Server wird angehalten, bitte später wieder',
    "Le serveur s'arrête, réessayez plus tard",
  ],
  [
    'Too many errors, closing the connection',
    'Zu viele Fehler, die Verbindung wird getrennt',
    'Trop d’erreurs, la connexion est fermée',
  ],
  [
    'Internal error, the server log has the details',
    'Interner Fehler, näheres steht im Protokoll des Servers',
    'Erreur interne, le journal du serveur en dit plus',
  ],
];

export const german = new Map(texts.map(([english, translated]) => [english, translated]));
export const french = new Map(texts.map(([english, , translated]) => [english, translated]));
