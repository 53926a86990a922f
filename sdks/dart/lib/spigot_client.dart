/// Tokens from your own Spigot, and its challenges solved, for apps.
library;

export 'src/failure.dart' show SpigotException, SpigotFailure;
export 'src/spigot.dart' show Press, Sent, Spigot;
export 'src/transport.dart' show AppAnswer, AppRequest, IoTransport, Transport;
