<?php
// Says of each URL whether the curl extension connects to the proxy for it. From the address of loopback nothing else is
// reached, and names resolve to a port where nobody listens.
foreach (array_slice($argv, 1) as $url) {
    $curl = curl_init($url);
    curl_setopt_array($curl, [CURLOPT_INTERFACE => '127.0.0.1', CURLOPT_CONNECTTIMEOUT_MS => 500, CURLOPT_TIMEOUT => 3,
                              CURLOPT_RETURNTRANSFER => true]);
    curl_exec($curl);
    $used = curl_getinfo($curl, CURLINFO_PRIMARY_PORT) == (int) getenv('PROXY_PORT');
    echo getenv('FETCH') ? curl_getinfo($curl, CURLINFO_RESPONSE_CODE) : ($used ? 'proxy' : 'direct'), "\n";
}
