/// What went wrong, as far as a program can act upon it. None of them is a yes.
enum SpigotFailure {
  /// The service said no; `code` is its word, as docs/widget-protocol.md lists them.
  refused,

  /// There was no connection, or it broke.
  unreachable,

  /// The call or the puzzle took longer than it may.
  timedOut,

  /// The answer is none of the protocol.
  unreadable,

  /// A puzzle that this version does not solve: the app has to be updated.
  kindUnknown,

  /// The site asks for a press of a button, and the caller gave none.
  pressMissing,
}

/// Why there is no token.
final class SpigotException implements Exception {
  const SpigotException(this.failure, this.detail, {this.code = '', this.retryAfterSeconds = 0});

  final SpigotFailure failure;

  /// For people who develop the app.
  final String detail;

  /// The service's word where `failure` is `refused`, else empty.
  final String code;

  /// When the same may be sent again; zero where the service did not say.
  final int retryAfterSeconds;

  @override
  String toString() => 'SpigotException: ${code.isEmpty ? failure.name : code}: $detail';
}
