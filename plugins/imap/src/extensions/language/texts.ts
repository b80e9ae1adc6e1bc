/** The most frequent texts in German and French. A text is English exactly as it is sent; `[de, fr]`. */
import type { Translation } from '@angarium/sdk';

const texts: Readonly<Record<string, readonly [string, string]>> = {
  // Ends of commands.
  Completed: ['Abgeschlossen', 'Terminé'],
  Moved: ['Verschoben', 'Déplacés'],
  'Logged in': ['Angemeldet', 'Session ouverte'],
  'Logging out': ['Abmeldung', 'Fermeture de session'],
  'Language changed': ['Sprache gewechselt', 'Langue modifiée'],
  'Begin TLS negotiation now': ['TLS-Aushandlung kann beginnen', 'La négociation TLS peut commencer'],
  'Still here': ['Noch da', 'Toujours là'],
  'No matching messages, so nothing copied': [
    'Keine passenden Nachrichten, nichts kopiert',
    'Aucun message correspondant, rien n’a été copié',
  ],
  'No matching messages, so nothing moved': [
    'Keine passenden Nachrichten, nichts verschoben',
    'Aucun message correspondant, rien n’a été déplacé',
  ],
  'Conditional STORE failed for some': [
    'Bedingtes STORE bei einigen fehlgeschlagen',
    'STORE conditionnel refusé pour certains messages',
  ],
  // What SELECT tells.
  'Previous mailbox closed': ['Vorheriges Postfach geschlossen', 'Boîte précédente fermée'],
  'Flags permitted': ['Erlaubte Markierungen', 'Marques permises'],
  Flags: ['Markierungen', 'Marques'],
  'First unseen': ['Erste ungelesene', 'Premier message non lu'],
  'UIDs valid': ['UIDs gültig', 'UID valides'],
  'Next UID': ['Nächste UID', 'Prochaine UID'],
  Highest: ['Höchster Stand', 'Valeur la plus haute'],
  // Mailboxes.
  'Mailbox does not exist': ['Das Postfach gibt es nicht', 'La boîte n’existe pas'],
  'Mailbox already exists': ['Das Postfach gibt es schon', 'La boîte existe déjà'],
  'Mailbox has children': ['Das Postfach hat Unterordner', 'La boîte a des sous-dossiers'],
  'Permission denied': ['Keine Berechtigung', 'Permission refusée'],
  'INBOX cannot be created': ['INBOX kann nicht angelegt werden', 'INBOX ne peut pas être créée'],
  'INBOX cannot be deleted': ['INBOX kann nicht gelöscht werden', 'INBOX ne peut pas être supprimée'],
  'Operation is not supported on mailbox': [
    'Mit diesem Postfach geht das nicht',
    'Opération impossible sur cette boîte',
  ],
  'A mailbox cannot be moved below itself': [
    'Ein Postfach kann nicht unter sich selbst verschoben werden',
    'Une boîte ne peut pas être déplacée sous elle-même',
  ],
  'A mailbox name has an empty level': ['Eine Ebene des Namens ist leer', 'Un niveau du nom est vide'],
  'The mailbox name is too long': ['Der Name des Postfachs ist zu lang', 'Le nom de la boîte est trop long'],
  'This mailbox name is reserved': ['Dieser Name ist vergeben', 'Ce nom est réservé'],
  'The mailbox name is not well-formed UTF-8': [
    'Der Name des Postfachs ist kein UTF-8',
    'Le nom de la boîte n’est pas en UTF-8',
  ],
  'The mailbox name is not well-formed modified UTF-7': [
    'Der Name des Postfachs ist kein modifiziertes UTF-7',
    'Le nom de la boîte n’est pas en UTF-7 modifié',
  ],
  'Remote mailbox': ['Das Postfach liegt auf einem anderen Server', 'La boîte est sur un autre serveur'],
  'The selected mailbox has been deleted': [
    'Das geöffnete Postfach wurde gelöscht',
    'La boîte ouverte a été supprimée',
  ],
  'The mailbox is selected read-only': [
    'Das Postfach ist nur zum Lesen geöffnet',
    'La boîte est ouverte en lecture seule',
  ],
  'The mailbox is over quota': ['Die Quota des Postfachs ist erschöpft', 'Le quota de la boîte est dépassé'],
  // Messages.
  'The messages have been expunged': ['Die Nachrichten wurden gelöscht', 'Les messages ont été supprimés'],
  'Some of the messages have been expunged': [
    'Einige der Nachrichten wurden gelöscht',
    'Certains messages ont été supprimés',
  ],
  'Some of the messages no longer exist': [
    'Einige der Nachrichten gibt es nicht mehr',
    'Certains messages n’existent plus',
  ],
  'Some of the requested messages no longer exist': [
    'Einige der verlangten Nachrichten gibt es nicht mehr',
    'Certains messages demandés n’existent plus',
  ],
  'The message has NUL octets in it': [
    'Die Nachricht enthält NUL-Zeichen',
    'Le message contient des octets NUL',
  ],
  'A message without any octets cannot be stored': [
    'Eine leere Nachricht kann nicht gespeichert werden',
    'Un message vide ne peut pas être enregistré',
  ],
  'Too much for one command': ['Zu viel für einen Befehl', 'Trop pour une seule commande'],
  'The literal is too big': ['Das Literal ist zu groß', 'Le littéral est trop grand'],
  'The charset is not known': ['Der Zeichensatz ist unbekannt', 'Le jeu de caractères est inconnu'],
  'A header in UTF-8 needs ENABLE UTF8=ACCEPT': [
    'Ein Kopf in UTF-8 braucht ENABLE UTF8=ACCEPT',
    'Un en-tête en UTF-8 exige ENABLE UTF8=ACCEPT',
  ],
  // Coming in and going.
  'Login failed': ['Anmeldung fehlgeschlagen', 'Échec de l’authentification'],
  'Too many failed logins': ['Zu viele fehlgeschlagene Anmeldungen', 'Trop d’échecs d’authentification'],
  'Too many wrong commands': ['Zu viele falsche Befehle', 'Trop de commandes erronées'],
  'Log in first': ['Erst anmelden', 'Authentifiez-vous d’abord'],
  'Server shutting down': ['Der Server wird beendet', 'Le serveur s’arrête'],
  'Autologout; idle for too long': [
    'Abgemeldet: zu lange nichts gehört',
    'Session fermée : inactivité prolongée',
  ],
  'Internal error, the server log has the details': [
    'Interner Fehler, Näheres im Protokoll des Servers',
    'Erreur interne, voir le journal du serveur',
  ],
  // Prefixes of namespaces, for TRANSLATION (RFC 5255 §3.4).
  'Other Users': ['Andere Benutzer', 'Autres utilisateurs'],
  'Shared Folders': ['Gemeinsame Ordner', 'Dossiers partagés'],
  user: ['Benutzer', 'utilisateur'],
};

function inLanguage(language: string, column: 0 | 1): Translation {
  const entries = Object.entries(texts).map(([english, translated]) => [english, translated[column]]);
  return { language, texts: Object.fromEntries(entries) };
}

export const translations: readonly Translation[] = [inLanguage('de', 0), inLanguage('fr', 1)];
