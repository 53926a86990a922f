import 'dart:convert';
import 'dart:typed_data';

import 'failure.dart';
import 'puzzle.dart';
import 'solving.dart';
import 'transport.dart';

/// Shows a button and says how many milliseconds later it was pressed.
typedef Press = Future<int> Function();

/// An answer, and the clearance that was earned on the way, to be sent as a cookie with the next requests.
typedef Sent = ({AppAnswer answer, String? cookie});

/// Solves what the service asks, each puzzle in an isolate of its own.
final class Spigot {
  const Spigot({this.transport = const IoTransport(), this.solveDeadline = const Duration(seconds: 90)});

  final Transport transport;

  /// How long a puzzle may take. Challenges end after 120 seconds at the latest: later proofs are worth nothing.
  final Duration solveDeadline;

  static const _stepsMax = 3;
  static const _clearance = 'spigot_clearance=';

  /// A token for one site key, to be sent with the form: it counts once, for some minutes.
  ///
  /// `service` is the service's address, such as `https://challenge.example`. Every failure is a [SpigotException].
  Future<String> token(Uri service, String siteKey, {String? action, String? data, Press? press}) async {
    final asked = <String, Object?>{
      'protocol': 1,
      'site_key': siteKey,
      if (action != null) 'action': action,
      if (data != null) 'data': data,
    };
    var answer = await _call(_widget(service, 'challenge'), asked);
    var renewed = false;
    // Two at most follow upon each other; a service that asks for ever is none.
    for (var step = 0; step < _stepsMax; step++) {
      if (answer['token'] case final String token) return token;
      final challenge = switch (answer['next']) { final Map<String, Object?> next => next, _ => answer };
      final submission = {...asked, ...await _submission(challenge)};
      if (challenge['interaction'] == 'press') submission['pressed'] = await _pressed(press);
      try {
        answer = await _call(_widget(service, 'solve'), submission);
      } on _RefusedWithChallenge catch (refusal) {
        // Too late, or from another network by now: what comes along is solved, once.
        if (renewed) throw refusal.exception;
        renewed = true;
        answer = refusal.challenge;
      }
    }
    if (answer['token'] case final String token) return token;
    throw const SpigotException(SpigotFailure.unreadable, 'the service asks again and again');
  }

  /// Sends a request of the app. When it is refused with a challenge, that is solved and the request sent once more, with
  /// the clearance; a second refusal is the answer.
  Future<Sent> send(AppRequest request) => _send(_readsProblems(request));

  Future<Sent> _send(AppRequest request) async {
    final first = await transport.send(request);
    final challenge = _refusal(first);
    if (challenge == null) return (answer: first, cookie: null);
    final path = switch (challenge['solve_url']) { final String path => path, _ => '/.spigot/solve' };
    final solveUrl = Uri.tryParse(path);
    final url = solveUrl == null ? null : request.url.resolveUri(solveUrl);
    // A proof goes to nobody but who asked for it.
    if (url == null || url.scheme != request.url.scheme || url.authority != request.url.authority) {
      return (answer: first, cookie: null);
    }
    final headers = {
      for (final MapEntry(:key, :value) in request.headers.entries)
        if (key.toLowerCase() == 'user-agent') key: value,
      'Content-Type': 'application/json',
    };
    final body = utf8.encode(jsonEncode(await _submission(challenge)));
    final solved = await transport.send(AppRequest('POST', url, headers: headers, body: body));
    final cookie = _cookie(solved);
    if (solved.status != 200 || cookie == null) return (answer: first, cookie: null);
    return (answer: await transport.send(_again(request, cookie)), cookie: cookie);
  }

  /// Whoever does not say that they read JSON is refused with a page or a sentence, which nobody here could solve.
  AppRequest _readsProblems(AppRequest request) {
    final name = request.headers.keys.firstWhere((name) => name.toLowerCase() == 'accept', orElse: () => 'Accept');
    final accept = request.headers[name] ?? '*/*';
    if (accept.contains('json')) return request;
    final headers = {...request.headers, name: '$accept, application/problem+json'};
    return AppRequest(request.method, request.url, headers: headers, body: request.body);
  }

  Uri _widget(Uri service, String call) {
    final path = service.path.endsWith('/') ? service.path : '${service.path}/';
    return service.replace(path: '$path.spigot/widget/$call');
  }

  Future<Map<String, Object?>> _pressed(Press? press) async {
    if (press == null) throw const SpigotException(SpigotFailure.pressMissing, 'this site asks for a press of a button');
    return {'by': 'other', 'after_millis': await press()};
  }

  String? _cookie(AppAnswer answer) {
    final all = answer.headers['set-cookie'] ?? const <String>[];
    return all.map((one) => one.split(';').first).where((one) => one.startsWith(_clearance)).firstOrNull;
  }

  AppRequest _again(AppRequest request, String cookie) {
    final cookies = <String>[];
    final headers = <String, String>{};
    request.headers.forEach((name, value) {
      if (name.toLowerCase() == 'cookie') {
        cookies.add(value);
      } else {
        headers[name] = value;
      }
    });
    headers['Cookie'] = [...cookies, cookie].join('; ');
    return AppRequest(request.method, request.url, headers: headers, body: request.body);
  }

  Map<String, Object?>? _refusal(AppAnswer answer) {
    if (!_isProblem(answer)) return null;
    final problem = answer.members;
    return switch (problem['challenge']) {
      final Map<String, Object?> challenge when problem['code'] == 'challenge' => challenge,
      _ => null,
    };
  }

  bool _isProblem(AppAnswer answer) => (answer.header('content-type') ?? '').startsWith('application/problem+json');

  Future<Map<String, Object?>> _submission(Map<String, Object?> challenge) async {
    final (kind, text) = (challenge['kind'], challenge['challenge']);
    if (kind is! String || text is! String) {
      throw const SpigotException(SpigotFailure.unreadable, 'the answer holds no challenge');
    }
    if (!kinds.contains(kind)) {
      throw SpigotException(SpigotFailure.kindUnknown, 'this version does not solve $kind; update the app');
    }
    final begun = Stopwatch()..start();
    final Uint8List proof;
    try {
      proof = await solveAside(terms(kind, base64Url.decode(base64Url.normalize(text)), challenge), solveDeadline);
    } on FormatException catch (why) {
      throw SpigotException(SpigotFailure.unreadable, why.message);
    }
    final encoded = base64Url.encode(proof).replaceAll('=', '');
    return {'challenge': text, 'proof': encoded, 'millis': begun.elapsedMilliseconds};
  }

  Future<Map<String, Object?>> _call(Uri url, Map<String, Object?> body) async {
    const headers = {'Content-Type': 'application/json'};
    final answer = await transport.send(AppRequest('POST', url, headers: headers, body: utf8.encode(jsonEncode(body))));
    final told = answer.members;
    if (answer.status == 200) return told;
    final code = told['code'];
    if (!_isProblem(answer) || code is! String) {
      throw SpigotException(SpigotFailure.unreadable, 'status ${answer.status} without a problem');
    }
    final detail = told['detail'];
    final exception = SpigotException(
      SpigotFailure.refused,
      detail is String ? detail : 'status ${answer.status}',
      code: code,
      retryAfterSeconds: int.tryParse(answer.header('retry-after') ?? '') ?? 0,
    );
    throw switch (told['challenge']) {
      final Map<String, Object?> challenge => _RefusedWithChallenge(exception, challenge),
      _ => exception,
    };
  }
}

/// A refusal that a fresh challenge comes along with; never leaves this file.
final class _RefusedWithChallenge implements Exception {
  const _RefusedWithChallenge(this.exception, this.challenge);

  final SpigotException exception;
  final Map<String, Object?> challenge;
}
