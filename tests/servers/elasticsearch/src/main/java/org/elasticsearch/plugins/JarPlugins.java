package org.elasticsearch.plugins; // LoadedPlugin and loadPlugin are package-private

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.elasticsearch.action.admin.cluster.node.info.PluginsAndModules;
import org.elasticsearch.env.Environment;

/** Plugins taken by class name from the class path, where a distribution has folders of modules. */
public final class JarPlugins extends PluginsService {
    private final List<LoadedPlugin> plugins = new ArrayList<>();

    public JarPlugins(Environment environment, List<String> classNames) {
        super(environment.settings(), environment.configDir(), PluginsLoader.createPluginsLoader(Set.of(), Set.of(), Map.of(), false));
        for (String className : classNames) {
            plugins.add(load(environment, className));
        }
        loadExtensions(plugins);
    }

    private static LoadedPlugin load(Environment environment, String className) {
        try {
            Class<? extends Plugin> type = Class.forName(className).asSubclass(Plugin.class);
            String java = Integer.toString(Runtime.version().feature());
            PluginDescriptor descriptor = new PluginDescriptor(
                className, "from the class path", "none", "none", java, className, null, List.of(), false, false, false, false);
            return new LoadedPlugin(descriptor, loadPlugin(type, environment.settings(), environment.configDir()), type.getClassLoader());
        } catch (ClassNotFoundException error) {
            throw new IllegalStateException("not on the class path: " + className, error);
        }
    }

    @Override
    protected List<LoadedPlugin> plugins() {
        return plugins == null ? super.plugins() : plugins; // null while the super constructor runs
    }

    @Override
    public PluginsAndModules info() {
        return new PluginsAndModules(List.of(), plugins.stream().map(LoadedPlugin::descriptor).toList());
    }

    /** All plugins share a class loader, so that each provider is found once for each of them; one of a class is kept. */
    @Override
    public <T> List<? extends T> loadServiceProviders(Class<T> service) {
        Map<Class<?>, T> one = new LinkedHashMap<>();
        super.loadServiceProviders(service).forEach(provider -> one.putIfAbsent(provider.getClass(), provider));
        return List.copyOf(one.values());
    }
}
