import 'dart:convert';
import 'dart:typed_data';

import 'cachewalk.dart';
import 'sha256.dart';

/// The leaf of the kind `pbkdf2`: PBKDF2-HMAC-SHA-256 (RFC 8018) of one block, the key's bytes being the password.
final class Pbkdf2Leaves implements Leaves {
  static const _iterations = 300;

  @override
  Uint32List leaf(Uint32List key, int i, int domain) {
    final password = littleEndian(key);
    // A key is 32 bytes, shorter than a block: RFC 2104 fills it with zeros.
    final inner = Sha256()..add([for (var n = 0; n < 64; n++) 0x36 ^ (n < password.length ? password[n] : 0)]);
    final outer = Sha256()..add([for (var n = 0; n < 64; n++) 0x5c ^ (n < password.length ? password[n] : 0)]);
    Uint8List mac(List<int> message) => (outer.copy()..add((inner.copy()..add(message)).digest())).digest();

    // The salt, and the number of the one block that is derived.
    var last = mac([...ascii.encode('spigot leaf'), ...littleEndian([i, domain]), 0, 0, 0, 1]);
    final derived = Uint8List.fromList(last);
    for (var round = 1; round < _iterations; round++) {
      last = mac(last);
      for (var n = 0; n < derived.length; n++) {
        derived[n] ^= last[n];
      }
    }
    final words = ByteData.sublistView(derived);
    return Uint32List.fromList([for (var n = 0; n < 8; n++) words.getUint32(4 * n, Endian.little)]);
  }
}
