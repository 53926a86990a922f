<?php
// Verifies one token with Google's PHP client (Debian: php-cli php-google-recaptcha): `php verify.php`, the case as JSON on
// standard input. The case is `{base, site_key, secret, token}`; the answer is `{accepted, codes}`, as the client reports it.

error_reporting(E_ALL & ~E_DEPRECATED);
foreach (['ReCaptcha', 'RequestMethod', 'RequestParameters', 'Response', 'RequestMethod/Post'] as $part) {
    require_once "/usr/share/php/ReCaptcha/$part.php";
}

$case = json_decode(file_get_contents('php://stdin'), true);
$method = new ReCaptcha\RequestMethod\Post($case['base'] . '/recaptcha/api/siteverify');
$client = new ReCaptcha\ReCaptcha($case['secret'], $method);
$result = $client->verify($case['token'], '127.0.0.1');
echo json_encode(['accepted' => $result->isSuccess(), 'codes' => $result->getErrorCodes()]), "\n";
