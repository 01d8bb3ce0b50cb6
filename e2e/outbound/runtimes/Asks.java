// Says of each URL whether Java's own selector, which both of its clients use, would take a proxy for it; or fetches
// them, with FETCH set.
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;

public class Asks {
    public static void main(String[] urls) throws Exception {
        for (String url : urls) {
            if (System.getenv("FETCH") != null) {
                System.out.println(((HttpURLConnection) new URI(url).toURL().openConnection()).getResponseCode());
                continue;
            }
            Proxy proxy = ProxySelector.getDefault().select(new URI(url)).get(0);
            System.out.println(proxy.type() == Proxy.Type.DIRECT ? "direct" : "proxy");
        }
    }
}
