import 'dart:typed_data';

import 'cachewalk.dart';
import 'pbkdf2.dart';
import 'sha256.dart';

/// The kinds that are solved here; anything else asks for a newer version of the app.
const kinds = {'cachewalk', 'pbkdf2', 'sha256'};

/// A challenge as an isolate is given it: its bytes and its terms.
typedef Terms = ({String kind, Uint8List challenge, int log2Leaves, int grind, int open, int bits});

/// The terms that a challenge names; a [FormatException] where it names too few, or none that a puzzle has.
Terms terms(String kind, Uint8List challenge, Map<String, Object?> named) {
  int number(String name) => switch (named[name]) {
        final int number => number,
        _ => throw FormatException('the challenge has no $name'),
      };
  if (kind == 'sha256') return (kind: kind, challenge: challenge, log2Leaves: 0, grind: 0, open: 0, bits: number('bits'));
  return (
    kind: kind,
    challenge: challenge,
    log2Leaves: number('log2_n'),
    grind: number('grind'),
    open: number('open'),
    bits: 0,
  );
}

/// The proof. Takes up to seconds: not for the isolate that draws.
Uint8List solve(Terms terms) => switch (terms.kind) {
      'sha256' => nonce(terms.challenge, terms.bits),
      'pbkdf2' => CommittedLeaves(terms.log2Leaves, terms.grind, terms.open, Pbkdf2Leaves()).solve(terms.challenge),
      'cachewalk' => CommittedLeaves(terms.log2Leaves, terms.grind, terms.open, Walk()).solve(terms.challenge),
      final kind => throw FormatException('no puzzle is called $kind'),
    };

/// The kind `sha256`: eight bytes behind the challenge whose hash begins with that many zero bits.
Uint8List nonce(Uint8List challenge, int bits) {
  // The service asks for 40 at most by its format, and 18 by its levels: beyond 32 a phone would compute for hours.
  if (bits < 0 || bits > 32) throw FormatException('no puzzle has $bits bits');
  final begun = Sha256()..add(challenge);
  final tried = Uint8List(8);
  final number = ByteData.sublistView(tried);
  for (var n = 0;; n++) {
    number.setUint64(0, n, Endian.little);
    if (_zeros((begun.copy()..add(tried)).digest()) >= bits) return tried;
  }
}

int _zeros(Uint8List hash) {
  final first = hash.indexWhere((byte) => byte != 0);
  return first < 0 ? 8 * hash.length : 8 * first + 8 - hash[first].bitLength;
}
