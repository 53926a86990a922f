import 'dart:async';
import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'failure.dart';

/// A request of the app.
final class AppRequest {
  const AppRequest(this.method, this.url, {this.headers = const {}, this.body});

  final String method;
  final Uri url;
  final Map<String, String> headers;
  final List<int>? body;
}

/// Its answer; header names are in lower case.
final class AppAnswer {
  const AppAnswer(this.status, this.headers, this.body);

  final int status;
  final Map<String, List<String>> headers;
  final Uint8List body;

  String? header(String name) => headers[name]?.lastOrNull;

  String get text => utf8.decode(body, allowMalformed: true);

  /// The members of a JSON object, or none where it is anything else.
  Map<String, Object?> get members {
    try {
      final told = jsonDecode(text);
      return told is Map<String, Object?> ? told : const {};
    } on FormatException {
      return const {};
    }
  }
}

/// Sends requests: put your own HTTP client behind it, so that cookies and the user agent are the same everywhere.
abstract interface class Transport {
  /// Throws a [SpigotException] (`unreachable`, `timedOut`, `unreadable`) when there is no answer.
  Future<AppAnswer> send(AppRequest request);
}

/// The platform's own, without cookies; redirections are answers.
final class IoTransport implements Transport {
  const IoTransport({this.timeout = const Duration(seconds: 10)});

  /// For the whole call, also against an answer that comes letter by letter.
  final Duration timeout;

  /// An app's own answers pass through here; larger ones go by a transport of the app's.
  static const _answerBytesMax = 16 << 20;

  @override
  Future<AppAnswer> send(AppRequest request) async {
    // One client for one call: closing it ends the connection wherever the call is.
    final client = HttpClient();
    try {
      return await _exchange(client, request).timeout(timeout);
    } on TimeoutException {
      throw SpigotException(SpigotFailure.timedOut, 'no whole answer within ${timeout.inMilliseconds} ms from ${request.url.host}');
    } on IOException catch (why) {
      throw SpigotException(SpigotFailure.unreachable, '$why');
    } on ArgumentError catch (why) {
      throw SpigotException(SpigotFailure.unreachable, '${request.url} is no address to ask: ${why.message}');
    } finally {
      client.close(force: true);
    }
  }

  Future<AppAnswer> _exchange(HttpClient client, AppRequest request) async {
    final asked = await client.openUrl(request.method, request.url);
    asked.followRedirects = false;
    request.headers.forEach(asked.headers.set);
    if (request.body case final body?) {
      asked.contentLength = body.length;
      asked.add(body);
    }
    final answered = await asked.close();
    final read = BytesBuilder(copy: false);
    await for (final chunk in answered) {
      read.add(chunk);
      if (read.length > _answerBytesMax) {
        throw const SpigotException(SpigotFailure.unreadable, 'the answer is larger than 16 MiB');
      }
    }
    final headers = <String, List<String>>{};
    answered.headers.forEach((name, values) => headers[name] = values);
    return AppAnswer(answered.statusCode, headers, read.takeBytes());
  }
}
