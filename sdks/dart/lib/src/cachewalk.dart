import 'dart:typed_data';

import 'blake2s.dart';

/// Computes leaves of a puzzle: eight words each, for a key, a number and a domain.
abstract interface class Leaves {
  Uint32List leaf(Uint32List key, int i, int domain);
}

/// A commitment to many leaves and some of them opened: docs/puzzle.md says what every number here is.
final class CommittedLeaves {
  CommittedLeaves(this._log2Leaves, this._grind, this._open, this._computing) {
    // What the format allows; a challenge beyond it would hold a phone for hours.
    final allowed = _within(_log2Leaves, 4, 20) && _within(_grind, 1, 1000000) && _within(_open, 1, 16);
    if (!allowed) throw const FormatException('no puzzle has these terms');
  }

  static const _node = 4;
  static const _tagParent = 32;
  static const _tagGrindKey = 52;
  static const _tagMoreNames = 53;

  final int _log2Leaves;
  final int _grind;
  final int _open;
  final Leaves _computing;

  int get _leaves => 1 << _log2Leaves;

  /// The proof for the bytes of a challenge.
  Uint8List solve(Uint8List challenge) {
    final key = blake2sWords(challenge);
    final tree = _tree(key);
    final message = Uint32List(16)
      ..setAll(0, key)
      ..setAll(8, _top(tree));
    message[12] = _leaves;
    final ground = blake2sBlock(message, _tagGrindKey);
    final threshold = (1 << 32) ~/ _grind;
    for (var g = 0;; g++) {
      final found = _computing.leaf(ground, g, 1);
      if (found[0] <= threshold) return _encoded(tree, g, _names(found));
    }
  }

  Uint32List root(Uint32List key) => _top(_tree(key));

  Uint32List _top(Uint32List tree) => tree.sublist(_node, 2 * _node);

  /// A heap of nodes of four words: 1 is the top, `n` stands above `2n` and `2n + 1`.
  Uint32List _tree(Uint32List key) {
    final nodes = Uint32List(2 * _leaves * _node);
    for (var i = 0; i < _leaves; i++) {
      nodes.setRange((_leaves + i) * _node, (_leaves + i + 1) * _node, _computing.leaf(key, i, 0));
    }
    final message = Uint32List(16);
    for (var at = _leaves - 1; at > 0; at--) {
      message.setRange(0, 2 * _node, nodes, 2 * at * _node);
      nodes.setRange(at * _node, (at + 1) * _node, blake2sBlock(message, _tagParent));
    }
    return nodes;
  }

  List<int> _names(Uint32List found) {
    final words = found.sublist(1).toList();
    final message = Uint32List(16)..setAll(0, found);
    while (words.length < _open) {
      message[8]++;
      words.addAll(blake2sBlock(message, _tagMoreNames));
    }
    return [for (final word in words.take(_open)) word & (_leaves - 1)];
  }

  Uint8List _encoded(Uint32List tree, int g, List<int> names) {
    final words = [..._top(tree), g];
    for (final name in names) {
      for (var at = _leaves + name; at > 1; at >>= 1) {
        final sibling = (at ^ 1) * _node;
        words.addAll(Uint32List.sublistView(tree, sibling, sibling + _node));
      }
    }
    return littleEndian(words);
  }

  static bool _within(int number, int least, int most) => number >= least && number <= most;
}

/// The leaf of the kind `cachewalk`, version 1: a walk in a table of its own.
final class Walk implements Leaves {
  static const _log2Words = 14;
  static const _words = 1 << _log2Words;
  static const _steps = 2048;
  static const _lanes = 8;
  static const _seeded = 64;
  static const _tagHead = 64;
  static const _tagLeaf = 65;
  static const _c = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1, 0xd3a2646d, 0xfd7046c5, 0xb55a4f09];

  final _table = Uint32List(_words);
  final _before = Uint32List(_lanes);

  @override
  Uint32List leaf(Uint32List key, int i, int domain) {
    final message = Uint32List(16)..setAll(0, key);
    message[8] = i;
    message[9] = _log2Words;
    message[10] = _steps;
    message[11] = domain;
    final h = blake2sBlock(message, _tagHead);
    final x = Uint32List.fromList(h);
    _seed(h, x);
    for (var p = 6; p < _log2Words; p++) {
      _walk(x, p, 1 << p, 2 << p);
    }
    _walk(x, _log2Words, 0, _words);
    for (var l = 0; l < _lanes; l++) {
      message[l] = x[l];
      message[_lanes + l] = _table[h[l] & (_words - 1)];
    }
    return blake2sBlock(message, _tagLeaf + domain);
  }

  void _seed(Uint32List h, Uint32List x) {
    for (var at = 0; at < _seeded; at += _lanes) {
      for (var l = 0; l < _lanes; l++) {
        final turned = rotatedLeft((x[l] + h[(l + 4) & 7]) & 0xffffffff, 7);
        x[l] = (turned * _c[l]) ^ x[(l + 1) & 7];
      }
      _table.setAll(at, x);
    }
  }

  /// Steps over the first `2^p` words, which write the words `from` up to `to`.
  void _walk(Uint32List x, int p, int from, int to) {
    final table = _table;
    final y = _before;
    final shift = 32 - p;
    final mask = (1 << p) - 1;
    for (var at = from; at < to; at += _lanes) {
      for (var l = 0; l < _lanes; l++) {
        y[l] = x[l];
      }
      for (var l = 0; l < _lanes; l++) {
        final lane = y[l];
        final odd = table[(lane >>> 5) & mask] | 1;
        // The product wraps at 64 bits, which leaves its low 32 right.
        x[l] = (lane ^ table[lane >>> shift]) * odd + rotatedLeft(y[(l + 1) & 7], 9);
      }
      for (var l = 0; l < _lanes; l++) {
        table[at + l] = x[l];
      }
    }
  }
}

/// The words of four bytes each, one after the other.
Uint8List littleEndian(List<int> words) {
  final bytes = ByteData(4 * words.length);
  for (var n = 0; n < words.length; n++) {
    bytes.setUint32(4 * n, words[n], Endian.little);
  }
  return bytes.buffer.asUint8List();
}
