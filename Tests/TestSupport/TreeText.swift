package import ImageModel

/// A tree of images in one line: `"base <- python <- science, base <~ tools"`.
///
/// `a <- b`: b uses a (and declares it); `a <~ b`: b declares a without using it. A word with a colon is an external
/// base: `"ubuntu:24.04 <- base"`. Each image is `docker/WORD:1`, defined in `WORD/1`, with the namespace `cati`.
package struct TreeText: Sendable {
  /// In order of appearance.
  package private(set) var images: [String] = []
  private var known = Set<String>()
  package private(set) var uses: [String: [String]] = [:]
  package private(set) var declares: [String: [String]] = [:]

  package init(_ text: String) {
    for chain in text.split(separator: ",") {
      let words = chain.split(separator: " ").map(String.init)
      for (index, word) in words.enumerated() where index % 2 == 0 {
        add(word)
        guard index >= 2 else { continue }
        let upstream = words[index - 2]
        switch words[index - 1] {
        case "<-":
          uses[word, default: []].append(upstream)
          if !Self.isBase(upstream) { declares[word, default: []].append(upstream) }
        case "<~": declares[word, default: []].append(upstream)
        default: preconditionFailure("no arrow: \(words[index - 1])")
        }
      }
    }
  }

  /// Upstreams by word; every word a key, each edge used and declared.
  package init(_ edges: [(word: String, upstreams: [String])]) {
    for (word, upstreams) in edges {
      add(word)
      uses[word] = upstreams
      declares[word] = upstreams
    }
  }

  private mutating func add(_ word: String) {
    if !Self.isBase(word) && known.insert(word).inserted { images.append(word) }
  }

  package static func isBase(_ word: String) -> Bool { word.contains(":") }

  package static func id(_ word: String) -> ArtifactID { ArtifactID(kind: .docker, name: word, tag: "1") }

  /// As a Dockerfile names it.
  package static func reference(_ word: String) -> ImageReference {
    if let colon = word.firstIndex(of: ":") {
      return ImageReference(repository: String(word[..<colon]), tag: String(word[word.index(after: colon)...]))
    }
    return ImageReference(repository: "cati/" + word, tag: "1")
  }

  package static func dockerfile(_ word: String) -> FilePath { FilePath("/repository/\(word)/1/Dockerfile") }

  package func imageUses(of word: String) -> [ImageUse] {
    (uses[word] ?? []).enumerated().map { index, upstream in
      ImageUse(
        reference: Self.reference(upstream), role: index == 0 ? .from : .copyFrom,
        location: SourceLocation(file: Self.dockerfile(word), line: index + 1), range: 0..<0)
    }
  }

  package var declarations: [StepDeclaration] {
    images.map { word in
      let yaml = FilePath("/repository/\(word)/1/casa_distro_docker.yaml")
      return StepDeclaration(
        id: Self.id(word), location: SourceLocation(file: yaml, line: 1), definitionPath: "\(word)/1",
        names: [Self.reference(word), ImageReference(repository: word, tag: "1")], uses: imageUses(of: word),
        dependencies: (declares[word] ?? []).enumerated().map { index, upstream in
          Located("\(upstream)/1", at: SourceLocation(file: yaml, line: index + 2))
        })
    }
  }
}
