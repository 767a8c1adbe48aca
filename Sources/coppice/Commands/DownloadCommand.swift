internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import JSONText

extension DownloadOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let patterns = patterns.map(NamePattern.init)
    let directory = (invocation.directory / FilePath(self.directory ?? ".")).normalized
    var (known, done): (Set<String>, [JSONValue]) = ([], [])
    var (images, found): ([ArtifactID: String], [String: Int]) = ([:], [:])
    var others: [String] = []
    for source in try DownloadSource.find(source, matching: patterns, invocation) {
      images.merge(source.images) { first, _ in first }
      for file in try await source.files.list() {
        let matching = patterns.filter { $0.matches(file.name) }
        if matching.isEmpty { others.append(file.name) }
        for pattern in matching { found[pattern.text, default: 0] += 1 }
        // The first destination that has it is enough.
        guard !matching.isEmpty, known.insert(file.name).inserted else { continue }
        done.append(try await bring(file, to: directory / FilePath(file.name), source, invocation))
      }
    }
    for (id, name) in images.sorted(by: { $0.key < $1.key }) where !isJSON && !invocation.global.isQuiet {
      invocation.output.write("\(id) is an image: docker pull \(name)\n")
    }
    if isJSON {
      let pulls: [JSONValue] = images.sorted { $0.key < $1.key }.map {
        ["id": .string($0.key.description), "reference": .string($0.value)]
      }
      invocation.show(["files": .array(done), "images": .array(pulls)])
    }
    for pattern in patterns where found[pattern.text] == nil {
      if images.keys.contains(where: { pattern.matches(ConversionRecipe.fileName(of: $0)) }) { continue }
      let near = NearestSpelling.of(pattern.text, among: others)
      throw Failure(
        "nothing is published as '\(pattern.text)'",
        help: near.map { "did you mean '\($0)'?" } ?? (others.isEmpty ? nil : "there are: \(Self.some(others))"))
    }
    return .success
  }

  private static func some(_ names: [String]) -> String {
    names.sorted().prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
  }

  private func bring(
    _ file: PublishedFile, to path: FilePath, _ source: DownloadSource, _ invocation: Invocation
  ) async throws -> JSONValue {
    func tell(_ text: String) {
      if !isJSON && !invocation.global.isQuiet { invocation.showForeign("\(file.name): \(text)\n") }
    }
    let state: String
    if try await source.files.isCurrent(file, at: path) {
      state = "current"
      tell("is the published one already")
    } else if isDryRun {
      state = "absent"
      tell("would be downloaded, \(ByteCount(file.size))")
    } else {
      tell("downloading \(ByteCount(file.size)) from \(source.name)")
      state = "downloaded"
      _ = try await source.files.download(file, to: path) { _ in }
      tell("is whole, sha256:\(file.digest.hex)")
    }
    return [
      "name": .string(file.name), "path": .string(path.description), "state": .string(state),
      "sha256": .string(file.digest.hex), "size": .integer(file.size),
    ]
  }
}
