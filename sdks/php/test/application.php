<?php

// An application behind the middleware, in PHP's own server: it tells what it was given. Debian has Slim's PSR-7 messages
// and none of PSR-15, whose two interfaces are three lines each.

declare(strict_types=1);

namespace Psr\Http\Server {
    use Psr\Http\Message\ResponseInterface;
    use Psr\Http\Message\ServerRequestInterface;

    interface RequestHandlerInterface
    {
        public function handle(ServerRequestInterface $request): ResponseInterface;
    }

    interface MiddlewareInterface
    {
        public function process(ServerRequestInterface $request, RequestHandlerInterface $handler): ResponseInterface;
    }
}

namespace {
    use Psr\Http\Message\ResponseInterface;
    use Psr\Http\Message\ServerRequestInterface;
    use Psr\Http\Server\RequestHandlerInterface;
    use Slim\Psr7\Factory\ResponseFactory;
    use Slim\Psr7\Factory\StreamFactory;
    use Slim\Psr7\Factory\UriFactory;
    use Slim\Psr7\Headers;
    use Slim\Psr7\Request;
    use Spigot\Middleware;
    use Spigot\Spigot;

    require 'Slim/Psr7/autoload.php';
    spl_autoload_register(function (string $class): void {
        $file = __DIR__ . '/../src/' . substr($class, 7) . '.php';
        if (str_starts_with($class, 'Spigot\\') && is_file($file)) {
            require $file;
        }
    });

    final class Application implements RequestHandlerInterface
    {
        public function handle(ServerRequestInterface $request): ResponseInterface
        {
            $headers = [];
            foreach ($request->getHeaders() as $name => $values) {
                $headers[] = [strtolower((string) $name), implode(', ', $values)];
            }
            $response = (new ResponseFactory())->createResponse(200);
            $response->getBody()->write(json_encode([
                'method' => $request->getMethod(), 'path' => $request->getRequestTarget(), 'headers' => $headers,
                'body' => (string) $request->getBody(),
            ], JSON_THROW_ON_ERROR));
            return $response;
        }
    }

    $uri = (new UriFactory())->createUri("http://{$_SERVER['HTTP_HOST']}{$_SERVER['REQUEST_URI']}");
    $body = (new StreamFactory())->createStream(file_get_contents('php://input'));
    $request = new Request($_SERVER['REQUEST_METHOD'], $uri, new Headers(getallheaders()), [], $_SERVER, $body);
    $spigot = new Spigot(
        getenv('SPIGOT_BASE'),
        getenv('SPIGOT_SECRET'),
        (int) getenv('SPIGOT_TIMEOUT_MILLIS') / 1000,
        getenv('SPIGOT_FAIL_OPEN') !== '',
    );
    $response = (new Middleware($spigot, new ResponseFactory()))
        ->process($request->withRequestTarget($_SERVER['REQUEST_URI']), new Application());
    http_response_code($response->getStatusCode());
    header_remove('X-Powered-By');
    foreach ($response->getHeaders() as $name => $values) {
        foreach ($values as $value) {
            header("$name: $value", false);
        }
    }
    echo $response->getBody();
}
