import BuildRecords
import ImageModel

/// What makes a layer cache give a wrong image: found by comparing cached with uncached builds after one change, which
/// `LayerCacheTests` repeats for every construct.
enum CacheDoubts {
  /// Why buildah's (1.28) and podman's (4.3) cache cannot be trusted.
  static func containers(_ stages: FiredStages) -> String? {
    if stages.instructions.contains(where: { mountsUnseen($0, stages) }) {
      return "it re-uses the layer of a mount whose files changed"
    }
    for stage in stages.stages {
      if let found = unexpanded(stage) {
        return "it re-uses the layer of \(found.instruction) when the argument \(found.argument) has another value"
      }
    }
    return nil
  }

  /// Why BuildKit's cache cannot be trusted: before 0.11, which docker has since 24, it takes files for the same whose
  /// owner differs, unless they come from the context, where nobody owns them.
  static func buildKit(_ stages: FiredStages, dockerVersion: String) -> String? {
    guard (Int(dockerVersion.prefix(while: \.isNumber)) ?? 0) < 24 else { return nil }
    let found = stages.instructions.contains { words in
      switch words.name {
      case "COPY": words.value(ofFlag: "from") != nil && words.value(ofFlag: "chown") == nil
      case "RUN": words.mounts.contains { $0["from"] != nil && $0.kind != "cache" }
      default: false
      }
    }
    return found ? "it does not see that owners of files in other stages or images changed" : nil
  }

  /// Why the cache of docker's legacy builder (20.10) cannot be trusted.
  static func legacy(_ files: [StagedFile]) -> String? {
    let hasLink = files.contains { file in
      if case .symbolicLink = file.kind { true } else { false }
    }
    return hasLink ? "it does not see that symbolic links lead elsewhere" : nil
  }

  /// Every engine leaves the proxy arguments out of the key, on purpose: they must not be part of an image, but can be.
  static func proxies(_ recipe: ImageRecipe) -> String? {
    let proxies: Set = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]
    let name = recipe.buildArguments.keys.sorted().first { proxies.contains($0.uppercased()) }
    return name.map { "it does not see the argument \($0)" }
  }

  /// An image of the tree or a base stands in the key by its exact name, unless a trigger names it.
  private static func mountsUnseen(_ words: InstructionWords, _ stages: FiredStages) -> Bool {
    words.name == "RUN"
      && words.mounts.contains { mount in
        guard mount.readsFiles else { return false }
        guard let from = mount["from"] else { return mount.kind != "cache" }
        return words.isTrigger || from.contains("$") || Int(from) != nil || stages.names[from.lowercased()] != nil
      }
  }

  /// These take their text unexpanded into the key, while RUN takes every argument that is declared before it: where
  /// one follows the declaration, no layer behind it is found again.
  private static func unexpanded(_ stage: FiredStages.Stage) -> (instruction: String, argument: String)? {
    let names: Set = ["ENV", "LABEL", "EXPOSE", "VOLUME", "USER", "WORKDIR", "STOPSIGNAL"]
    let all = stage.inherited + stage.own
    let last = all.lastIndex { $0.name == "RUN" } ?? -1
    var arguments = Set<String>()
    for words in all[(last + 1)...] where words.name == "ARG" {
      for word in words.words { arguments.insert(String(word.prefix { $0 != "=" })) }
    }
    // A variable made of an argument is doubted where it is made.
    for words in stage.own where names.contains(words.name) {
      if let name = words.variables.first(where: arguments.contains) { return (words.name, name) }
    }
    return nil
  }
}
