import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'package:spigot_client/spigot_client.dart';

/// What goes wrong comes to the failure that is meant, and never to a token: prints how many cases were checked.
Future<void> main() async {
  var checked = 0;
  Future<void> check(String name, List<Answer> answers, Object expected, {List<String>? asked, Outcome ask = token}) async {
    final service = await Service.start(answers);
    final found = await outcome(() => ask(service.base));
    await service.close();
    if (found != expected) throw StateError('$name: $found is not $expected');
    if (asked != null && '${service.asked}' != '$asked') throw StateError('$name: ${service.asked} were asked, not $asked');
    checked++;
  }

  final easy = json(200, challenge);
  final expired = problem(400, {'code': 'expired', 'challenge': challenge});
  final done = json(200, {'token': 'pt_1'});
  await check('a token', [easy, done], 'pt_1', asked: ['challenge', 'solve']);
  await check('at once', [done], 'pt_1', asked: ['challenge']);
  await check('more is asked for', [easy, json(200, {'next': challenge}), done], 'pt_1', asked: ['challenge', 'solve', 'solve']);
  await check('too late, once', [easy, expired, done], 'pt_1', asked: ['challenge', 'solve', 'solve']);
  await check('too late, again', [easy, expired, expired], 'refused expired 0', asked: ['challenge', 'solve', 'solve']);
  await check('for ever', List.filled(9, easy), 'unreadable  0', asked: ['challenge', 'solve', 'solve', 'solve']);
  await check('throttled', [problem(429, {'code': 'throttled'}, after: 7)], 'refused throttled 7');
  await check('no problem', [html(503)], 'unreadable  0');
  await check('no JSON', [html(200)], 'unreadable  0');
  await check('a token of a refusal', [json(403, {'token': 'pt_1'})], 'unreadable  0');
  await check('no challenge', [json(200, {})], 'unreadable  0');
  await check('a new kind', [json(200, {...challenge, 'kind': 'riddle'})], 'kindUnknown  0');
  await check('no base64', [json(200, {...challenge, 'challenge': '?'})], 'unreadable  0');
  await check('no terms', [json(200, {...challenge, 'kind': 'cachewalk'})], 'unreadable  0');
  await check('too many leaves', [json(200, {...challenge, ...terms, 'log2_n': 21})], 'unreadable  0');
  await check('too much grinding', [json(200, {...challenge, ...terms, 'grind': 1 << 40})], 'unreadable  0');
  await check('too many bits', [json(200, {...challenge, 'bits': 41})], 'unreadable  0');
  await check('no button', [json(200, {...challenge, 'interaction': 'press'})], 'pressMissing  0');
  await check('a long puzzle', [json(200, {...challenge, 'bits': 32})], 'timedOut  0', ask: hurried);
  await check('silence', [silence], 'timedOut  0', ask: hurried);
  await check('letter by letter', [letters], 'timedOut  0', ask: hurried);
  await check('nobody', [], 'unreachable  0', ask: (base) => token(base.replace(port: closedPort)));

  final asks = problem(403, {'code': 'challenge', 'challenge': challenge});
  Answer asksAt(String url) => problem(403, {'code': 'challenge', 'challenge': {...challenge, 'solve_url': url}});
  await check('solved and sent', [asks, cleared, cookies], '200 own=1; spigot_clearance=c', asked: ['orders', 'solve', 'orders'], ask: send);
  await check('refused twice', [asks, cleared, asks], '403 ', asked: ['orders', 'solve', 'orders'], ask: send);
  await check('no clearance', [asks, done], '403 ', asked: ['orders', 'solve'], ask: send);
  await check('nothing to solve', [problem(403, {'code': 'block'})], '403 ', asked: ['orders'], ask: send);
  await check('a page', [html(403)], '403 ', asked: ['orders'], ask: send);
  for (final elsewhere in ['http://127.0.0.2/', '//127.0.0.2/x', 'https://127.0.0.1/x', 'http://127.0.0.1:1/x', 'data:,x']) {
    await check('a proof for $elsewhere', [asksAt(elsewhere)], '403 ', asked: ['orders'], ask: send);
  }
  print(jsonEncode({'checked': checked}));
}

const challenge = {'kind': 'sha256', 'challenge': 'AAAA', 'bits': 4};
const terms = {'kind': 'cachewalk', 'log2_n': 4, 'grind': 1, 'open': 1};

/// The first port is nobody's who may listen here.
const closedPort = 1;

typedef Answer = Future<void> Function(HttpRequest);
typedef Outcome = Future<String> Function(Uri base);

/// Long enough for a busy computer.
const patient = Spigot(transport: IoTransport(timeout: Duration(seconds: 120)), solveDeadline: Duration(seconds: 120));
const impatient =
    Spigot(transport: IoTransport(timeout: Duration(milliseconds: 500)), solveDeadline: Duration(milliseconds: 200));

Future<String> token(Uri base) => patient.token(base, 'key');

Future<String> hurried(Uri base) => impatient.token(base, 'key');

Future<String> send(Uri base) async {
  final request = AppRequest('GET', base.resolve('/orders'), headers: const {'cookie': 'own=1', 'User-Agent': 'app/1'});
  final (:answer, cookie: _) = await patient.send(request);
  return '${answer.status} ${answer.status == 200 ? answer.text : ''}';
}

Future<String> outcome(Future<String> Function() ask) async {
  try {
    return await ask();
  } on SpigotException catch (why) {
    return '${why.failure.name} ${why.code} ${why.retryAfterSeconds}';
  }
}

/// Answers one call after the other as it was told.
final class Service {
  Service._(this._server, this._answers) {
    _server.listen((request) async {
      asked.add(request.uri.pathSegments.last);
      await request.drain<void>();
      await _answers[asked.length - 1](request);
    });
  }

  static Future<Service> start(List<Answer> answers) async =>
      Service._(await HttpServer.bind(InternetAddress.loopbackIPv4, 0), answers);

  final HttpServer _server;
  final List<Answer> _answers;
  final asked = <String>[];

  Uri get base => Uri(scheme: 'http', host: '127.0.0.1', port: _server.port);

  Future<void> close() => _server.close(force: true);
}

Answer json(int status, Map<String, Object?> members) => _with(status, 'application/json', jsonEncode(members));

Answer html(int status) => _with(status, 'text/html', '<p>no</p>');

Answer problem(int status, Map<String, Object?> members, {int? after}) =>
    _with(status, 'application/problem+json', jsonEncode(members), {if (after != null) 'retry-after': '$after'});

Future<void> cleared(HttpRequest request) async {
  // Whoever solves is who asked.
  final same = request.headers.value('user-agent') == 'app/1';
  await _with(same ? 200 : 400, 'application/json', '{}', {'set-cookie': 'spigot_clearance=c; Path=/'})(request);
}

Future<void> cookies(HttpRequest request) => _with(200, 'text/plain', request.headers.value('cookie') ?? '')(request);

Future<void> silence(HttpRequest request) async {}

Future<void> letters(HttpRequest request) async {
  final response = request.response..bufferOutput = false;
  final writing = Timer.periodic(const Duration(milliseconds: 20), (_) => response.write(' '));
  // Done when the client has gone, whether that is an error of the response or not.
  await response.done.then((_) {}, onError: (Object _) {});
  writing.cancel();
}

Answer _with(int status, String type, String text, [Map<String, String> headers = const {}]) => (request) async {
      final response = request.response..statusCode = status;
      response.headers.set('content-type', type);
      headers.forEach(response.headers.set);
      response.write(text);
      await response.close();
    };
