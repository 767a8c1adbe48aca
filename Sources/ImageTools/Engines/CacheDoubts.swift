import ImageModel

/// What makes a layer cache give a wrong image; found by comparing cached with uncached builds after one change.
enum CacheDoubts {
  /// Why buildah's (1.28) and podman's (4.3) cache cannot be trusted.
  static func containers(_ recipe: ImageRecipe) -> String? {
    let instructions = recipe.dockerfile.instructions.map(Words.init)
    if instructions.contains(where: \.hasBindMount) {
      return "it re-uses the layer of a bind mount whose files changed"
    }
    var arguments = Set<String>()
    for instruction in instructions where instruction.name == "ARG" {
      for word in instruction.words { arguments.insert(String(word.prefix { $0 != "=" })) }
    }
    // These take their text unexpanded into the key; RUN, COPY, ADD and ENV take the values.
    for instruction in instructions
    where ["LABEL", "EXPOSE", "VOLUME", "USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER"].contains(instruction.name) {
      if let name = instruction.variables.first(where: arguments.contains) {
        return "it re-uses the layer of \(instruction.name) when the argument \(name) has another value"
      }
    }
    return proxies(recipe)
  }

  /// Every engine leaves the proxy arguments out of the key, on purpose: they must not be part of an image, but can be.
  static func proxies(_ recipe: ImageRecipe) -> String? {
    let proxies: Set = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"]
    let name = recipe.buildArguments.keys.sorted().first { proxies.contains($0.uppercased()) }
    return name.map { "it does not see the argument \($0)" }
  }

  private struct Words {
    let name: String
    let flags: [Substring]
    let words: [Substring]
    let text: String

    init(_ instruction: DockerfileInstruction) {
      text = instruction.canonical
      let all = text.split(whereSeparator: \.isWhitespace)
      let isTrigger = all.first?.uppercased() == "ONBUILD"
      let own = isTrigger ? all.dropFirst() : all[...]
      name = own.first?.uppercased() ?? ""
      flags = Array(own.dropFirst().prefix { $0.hasPrefix("--") })
      words = Array(own.dropFirst(1 + flags.count))
    }

    /// `bind` is what a mount without a type is.
    var hasBindMount: Bool {
      name == "RUN"
        && flags.contains { flag in
          guard flag.hasPrefix("--mount") else { return false }
          let options = flag.dropFirst("--mount=".count).split(separator: ",")
          let type = options.first { $0.hasPrefix("type=") }?.dropFirst("type=".count)
          return type == nil || type == "bind" || type?.contains("$") == true
        }
    }

    /// Names after `$`, with and without braces.
    var variables: [String] {
      text.split(separator: "$", omittingEmptySubsequences: false).dropFirst().map { rest in
        let rest = rest.first == "{" ? rest.dropFirst() : rest
        return String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
      }
    }
  }
}
