<?php

// An application behind the middleware, in PHP's own server: it tells what it was given.

declare(strict_types=1);

use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Server\RequestHandlerInterface;
use Slim\Psr7\Factory\ResponseFactory;
use Slim\Psr7\Factory\StreamFactory;
use Slim\Psr7\Factory\UriFactory;
use Slim\Psr7\Headers;
use Slim\Psr7\Request;
use Spigot\Middleware;

require 'Slim/Psr7/autoload.php';
require __DIR__ . '/psr15.php';
require __DIR__ . '/prepared.php';

final class Application implements RequestHandlerInterface
{
    public function handle(ServerRequestInterface $request): ResponseInterface
    {
        $response = (new ResponseFactory())->createResponse(200);
        $response->getBody()->write(
            told(
                $request->getMethod(),
                $request->getRequestTarget(),
                $request->getHeaders(),
                (string) $request->getBody(),
                $request->getUri()->getPath(),
            ),
        );
        return $response;
    }
}

$uri = (new UriFactory())->createUri("http://{$_SERVER['HTTP_HOST']}{$_SERVER['REQUEST_URI']}");
$body = (new StreamFactory())->createStream(file_get_contents('php://input'));
$request = new Request($_SERVER['REQUEST_METHOD'], $uri, new Headers(getallheaders()), [], $_SERVER, $body);
$shows = fn (ServerRequestInterface $request): bool => str_starts_with($request->getUri()->getPath(), '/shown/');
$response = (new Middleware(from_environment(), new ResponseFactory(), showsBody: $shows))
    ->process($request->withRequestTarget($_SERVER['REQUEST_URI']), new Application());
http_response_code($response->getStatusCode());
header_remove('X-Powered-By');
foreach ($response->getHeaders() as $name => $values) {
    foreach ($values as $value) {
        header("$name: $value", false);
    }
}
echo $response->getBody();
