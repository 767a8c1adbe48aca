package import HostSystem
package import ImageModel

/// Finds what is worth keeping beside a list of inputs.
package struct DetailReader: Sendable {
  /// The largest text, all texts of one list, and how many files are tried: enough for what people write.
  private static let (textLimit, totalLimit, countLimit) = (64 << 10, 1 << 20, 1000)

  private let files: any FileSystem

  package init(files: any FileSystem) { self.files = files }

  /// What belongs to `inputs`, each text compared with its digest: a tree that has moved on adds nothing wrong.
  /// - Parameter paths: the files whose texts are wanted; nil for all.
  package func details(of recipe: Recipe, _ inputs: StepInputs, paths: Set<[UInt8]>? = nil) -> InputDetails {
    var details = InputDetails()
    var (size, count) = (0, 0)
    for input in inputs[.context] where paths?.contains(input.name) ?? true {
      guard let digest = ContextValue(input.value)?.digest, details.texts[digest] == nil else { continue }
      count += 1
      if count > Self.countLimit { break }
      guard let text = text(of: input.name, recipe), size + text.count <= Self.totalLimit,
        Digest.sha256(text) == digest
      else { continue }
      details.texts[digest] = text
      size += text.count
    }
    guard case .image(let image) = recipe else { return details }
    details.ignore = image.ignore
    details.written = image.writtenInstructions
    let stages = image.dockerfile.stages
    // The stage that is built is the last one that is needed.
    if stages.count > 1, let number = stages.lastIndex(where: \.isNeeded) {
      details.target = .init(image.target, number: number, at: image.places[.recipe]?["target"] ?? image.location)
    }
    for (path, source) in image.templates where isListed(path, image, inputs) {
      details.templates[path.description] = InputDetails.Template(
        name: source.file.name.description, digest: .sha256(source.text),
        parameters: Dictionary(
          uniqueKeysWithValues: source.parameters.map { name, parameter in
            (name, Located(InputReader.shown(parameter.value, of: name), at: parameter.location))
          }))
    }
    return details
  }

  /// Whether the list has the file as it is rendered now.
  private func isListed(_ path: FilePath, _ image: ImageRecipe, _ inputs: StepInputs) -> Bool {
    if path == "Dockerfile" {
      return inputs[.dockerfile].map(\.value) == InputReader.shownInstructions(of: image).map { Array($0.utf8) }
    }
    guard let bytes = image.renderedFiles[path] else { return false }
    return inputs[.context].first { $0.name == path.bytes }.flatMap { ContextValue($0.value)?.digest } == .sha256(bytes)
  }

  /// A small text without secrets; nil for everything else.
  private func text(of path: [UInt8], _ recipe: Recipe) -> [UInt8]? {
    guard !SecretSign.mayBeFile(path) else { return nil }
    let place = recipe.definition.directory / FilePath(bytes: path)
    var rendered: [UInt8]?
    if case .image(let image) = recipe {
      let isDeclared = image.secrets.contains { if case .file(let file) = $0.source { file == place } else { false } }
      let name = FilePath(bytes: path)
      let parameters = image.templates[name]?.parameters.keys
      if isDeclared || parameters?.contains(where: SecretSign.mayBeVariable) == true { return nil }
      rendered = image.renderedFiles[name]
    }
    guard let bytes = rendered ?? (try? files.contents(of: place, limit: Self.textLimit)),
      bytes.count <= Self.textLimit, !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil,
      !Self.holdsPrivateKey(bytes)
    else { return nil }
    return bytes
  }

  /// Over bytes: a search for text looks at every character of every file.
  private static func holdsPrivateKey(_ text: [UInt8]) -> Bool {
    let mark = Array("PRIVATE KEY-----".utf8)
    var rest = text[...]
    while let start = rest.firstIndex(of: mark[0]) {
      rest = rest[start...]
      if rest.starts(with: mark) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
