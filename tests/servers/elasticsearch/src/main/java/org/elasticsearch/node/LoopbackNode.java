package org.elasticsearch.node; // NodeConstruction and NodeServiceProvider are package-private

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.plugins.JarPlugins;
import org.elasticsearch.plugins.PluginsService;

/**
 * One Elasticsearch node on 127.0.0.1: {@code LoopbackNode PORT FOLDER}. Port 0 takes a free one. Prints
 * {@code ready on http://HOST:PORT} when it answers; SIGTERM stops it in order.
 */
public final class LoopbackNode {
    private static final List<String> PLUGINS = List.of(
        "org.elasticsearch.transport.netty4.Netty4Plugin",
        "org.elasticsearch.node.BannerPlugin",
        "org.elasticsearch.xpack.core.XPackPlugin",
        "org.elasticsearch.xpack.esql.core.plugin.EsqlCorePlugin",
        "org.elasticsearch.xpack.kql.KqlPlugin",
        "org.elasticsearch.xpack.esql.plugin.EsqlPlugin");

    private LoopbackNode() {}

    public static void main(String[] args) throws Exception {
        Settings settings = settings(args[0], Path.of(args[1]).toAbsolutePath());
        LogConfigurator.configureWithoutConfig(settings);
        LogConfigurator.configureESLogging();
        Node node = new Node(construct(InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "opsdash")));
        CountDownLatch closed = closeOnSignal(node);
        node.start();
        String address = node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress().toString();
        System.out.println("ready on http://" + address);
        closed.await();
    }

    private static Settings settings(String port, Path folder) throws Exception {
        Files.createDirectories(folder.resolve("config"));
        return Settings.builder()
            .put("path.home", folder.toString())
            .put("path.data", folder.resolve("data").toString())
            .put("cluster.name", "opsdash-tests")
            .put("node.name", "opsdash")
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.port", port)
            .put("transport.port", "0")
            // A full disk of the machine that runs the tests must not make the indices read-only.
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            // x-pack-core takes security as on where nothing is said, and then answers some requests with nothing.
            .put("xpack.security.enabled", false)
            .build();
    }

    private static NodeConstruction construct(Environment environment) {
        return NodeConstruction.prepareConstruction(environment, null, new NodeServiceProvider() {
            @Override
            PluginsService newPluginService(Environment given, org.elasticsearch.plugins.PluginsLoader loader) {
                return new JarPlugins(given, PLUGINS);
            }
        }, true);
    }

    private static CountDownLatch closeOnSignal(Node node) {
        CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception error) {
                error.printStackTrace();
            } finally {
                closed.countDown();
            }
        }));
        return closed;
    }
}
