internal import HostSystem
internal import ImageModel
internal import ImageTools
internal import JSONText

extension DownloadOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let transfers = invocation.transfers(progress)
    defer { if !isJSON { transfers.close() } }
    let (addresses, names) = try DownloadSource.addresses(in: patterns)
    let patterns = names.map { NamePattern($0) } + addresses.map(\.pattern)
    let directory = (invocation.directory / FilePath(self.directory ?? ".")).normalized
    var (known, done): (Set<String>, [JSONValue]) = ([], [])
    var (images, found): ([ArtifactID: String], [String: Int]) = ([:], [:])
    var others: [String] = []
    let named =
      names.isEmpty ? [] : try DownloadSource.find(source, matching: names.map { NamePattern($0) }, invocation)
    for source in named + addresses.map({ DownloadSource.registry($0, invocation) }) {
      images.merge(source.images) { first, _ in first }
      for file in try await source.files.list() {
        let matching = patterns.filter { $0.matches(file.name) }
        if matching.isEmpty { others.append(file.name) }
        for pattern in matching { found[pattern.text, default: 0] += 1 }
        // The first destination that has it is enough.
        guard !matching.isEmpty, known.insert(file.name).inserted else { continue }
        let path = directory / FilePath(file.name)
        done.append(try await bring(file, to: path, source, isJSON ? nil : transfers))
      }
    }
    for (id, name) in images.sorted(by: { $0.key < $1.key }) where !isJSON {
      let event = JSONObject([("event", "image"), ("id", .string("\(id)")), ("reference", .string(name))])
      transfers.tell("\(id) is an image: docker pull \(name)", event)
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
    _ file: PublishedFile, to path: FilePath, _ source: DownloadSource, _ transfers: TransferProgress?
  ) async throws -> JSONValue {
    /// What others have named cannot steer a terminal.
    func tell(_ text: String, _ state: String) -> JSONValue {
      let result: [(String, JSONValue)] = [
        ("name", .string(file.name)), ("path", .string(path.description)), ("state", .string(state)),
        ("sha256", .string(file.digest.hex)), ("size", .integer(file.size)),
      ]
      transfers?.tell(TerminalText.cleaned("\(file.name): \(text)"), JSONObject([("event", "file")] + result))
      return .object(JSONObject(result))
    }
    if try await source.files.isCurrent(file, at: path) { return tell("is the published one already", "current") }
    if isDryRun { return tell("would be downloaded, \(ByteCount(file.size))", "absent") }
    let transfer = Transfer(way: .downloading, what: file.name, place: source.name, total: file.size)
    transfers?.begin(transfer)
    _ = try await source.files.download(file, to: path) { transfers?.add($0, to: transfer) }
    transfers?.end(transfer)
    return tell("is whole, sha256:\(file.digest.hex)", "downloaded")
  }
}
