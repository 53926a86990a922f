import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:spigot_client/spigot_client.dart';
import 'package:spigot_client/src/blake2s.dart';
import 'package:spigot_client/src/cachewalk.dart';
import 'package:spigot_client/src/pbkdf2.dart';
import 'package:spigot_client/src/puzzle.dart';
import 'package:spigot_client/src/sha256.dart';

/// `vectors FILE…`, `token SERVICE SITE_KEY`, or `get URL`: what the shared checks ask of this client.
Future<void> main(List<String> arguments) async {
  switch (arguments) {
    case ['vectors', ...final files]:
      print(jsonEncode({'checked': files.map(vectors).fold(0, (all, one) => all + one)}));
    case ['token', final service, final siteKey]:
      print(jsonEncode({'token': await const Spigot().token(Uri.parse(service), siteKey, action: 'sign-up')}));
    case ['get', final url]:
      const headers = {'Accept': 'application/json', 'User-Agent': 'shop-app/1'};
      final (:answer, :cookie) = await const Spigot().send(AppRequest('GET', Uri.parse(url), headers: headers));
      print(jsonEncode({'status': answer.status, 'cookie': cookie != null, 'text': answer.text}));
    default:
      throw ArgumentError('vectors FILE…, token SERVICE SITE_KEY, or get URL');
  }
}

/// How many of a file's vectors were checked: `vectors.json` has the walk's leaves, `pbkdf2.vectors.json` that kind's.
int vectors(String path) {
  final all = jsonDecode(File(path).readAsStringSync()) as Map<String, Object?>;
  Leaves leaves() => path.contains('pbkdf2') ? Pbkdf2Leaves() : Walk();
  var checked = 0;
  void each(String name, void Function(Map<String, Object?>) check) {
    for (final one in all[name] as List<Object?>? ?? const []) {
      check(one as Map<String, Object?>);
      checked++;
    }
  }

  CommittedLeaves puzzle(Map<String, Object?> one) =>
      CommittedLeaves(one['log2_n'] as int, one['grind'] as int? ?? 1, one['open'] as int? ?? 1, leaves());
  each('keys', (one) => same(one['key'], littleEndian(blake2sWords(unhex(one['bytes'])))));
  each('leaves', (one) {
    same(one['leaf'], littleEndian(leaves().leaf(words(one['key']), one['i'] as int, one['dom'] as int)));
  });
  each('roots', (one) => same(one['root'], littleEndian(puzzle(one).root(words(one['key'])))));
  each('proofs', (one) => same(one['proof'], puzzle(one).solve(unhex(one['challenge_and_mac']))));
  if (all['proof'] case final Map<String, Object?> one) {
    same(one['proof'], puzzle(one).solve(unhex(one['challenge'])));
    checked++;
  }
  each('sha256', (one) {
    final challenge = unhex(one['challenge_and_mac']);
    final found = nonce(challenge, one['bits'] as int);
    same(one['nonce'], ByteData.sublistView(found).getUint64(0, Endian.little));
    same(one['digest'], sha256([...challenge, ...found]));
  });
  return checked;
}

void same(Object? expected, Object found) {
  final shown = found is List<int> ? hex(found) : found;
  if (shown != expected) throw StateError('$shown is not $expected');
}

Uint8List unhex(Object? text) {
  final digits = text as String;
  return Uint8List.fromList(
      [for (var at = 0; at < digits.length; at += 2) int.parse(digits.substring(at, at + 2), radix: 16)]);
}

Uint32List words(Object? text) {
  final bytes = ByteData.sublistView(unhex(text));
  return Uint32List.fromList([for (var at = 0; at < bytes.lengthInBytes; at += 4) bytes.getUint32(at, Endian.little)]);
}

String hex(List<int> bytes) => bytes.map((byte) => byte.toRadixString(16).padLeft(2, '0')).join();
