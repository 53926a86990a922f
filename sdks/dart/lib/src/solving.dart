import 'dart:async';
import 'dart:isolate';
import 'dart:typed_data';

import 'failure.dart';
import 'puzzle.dart';

/// Solves in an isolate of its own, which is ended when it takes longer than `deadline`.
Future<Uint8List> solveAside(Terms terms, Duration deadline) async {
  final told = ReceivePort();
  Isolate? solver;
  try {
    // All that can come is one message: the proof, what an error said, or nothing when it ended without either.
    final port = told.sendPort;
    solver = await Isolate.spawn(_solve, (terms, port), onError: port, onExit: port);
    return switch (await told.first.timeout(deadline)) {
      final Uint8List proof => proof,
      [final String why, ...] => throw SpigotException(SpigotFailure.unreadable, why),
      _ => throw const SpigotException(SpigotFailure.unreadable, 'solving ended without a proof'),
    };
  } on TimeoutException {
    throw SpigotException(SpigotFailure.timedOut, 'the puzzle took longer than ${deadline.inSeconds} s');
  } finally {
    solver?.kill(priority: Isolate.immediate);
    told.close();
  }
}

void _solve((Terms, SendPort) asked) => Isolate.exit(asked.$2, solve(asked.$1));
