package import ContentStore
package import HostSystem
package import ImageModel
import JSONText
package import ReleasePlanning

/// Publishes files in a directory that others read: a web root, a file server.
///
/// A name in it is a link through `.coppice/current`, which is a link to a directory with all names of one release, each a
/// link to a file of `.coppice/files`. So all names switch at once, when `current` is renamed over.
package struct DirectoryDestination: Destination {
  private let root: FilePath
  private let store: ImageLayout
  private let files: any FileSystem
  /// Where SIF files have names, and what is written beside them.
  private let images: FilePath

  /// - Parameter images: where SIF files lie in the repository.
  package init(root: FilePath, store: ImageLayout, images: FilePath, files: any FileSystem) {
    (self.root, self.store, self.images, self.files) = (root, store, images, files)
  }

  private var inner: FilePath { root / ".coppice" }
  private var current: FilePath { inner / "current" }
  private func file(_ digest: Digest, _ suffix: String = "") -> FilePath {
    inner / "files" / FilePath(digest.hex + suffix)
  }

  /// What lies beside a file under its name with an ending.
  private static let companions = [".json", ".md5"]
  /// Releases that stay, so that names can switch back to them.
  private static let keptReleases = 3

  // MARK: What is there

  package func published(_ names: [String: Digest?]) async throws -> [String: PublishedVersion] {
    try inWords { try seen(names.keys).mapValues { PublishedVersion(digest: $0, output: $0) } }
  }

  /// What readers find under names.
  private func seen(_ names: some Sequence<String>) throws -> [String: Digest] {
    let shown = try shown()
    return try names.reduce(into: [:]) { seen, name in
      seen[name] = try isOurs(name) ? shown[name] : foreignDigest(name)
    }
  }

  /// Whether a name leads through the current release, which a person may have changed.
  private func isOurs(_ name: String) throws -> Bool {
    let path = root / FilePath(name)
    guard try files.statusIfPresent(of: path)?.kind == .symbolicLink else { return false }
    return try files.target(ofLink: path) == ".coppice/current" / FilePath(name)
  }

  /// Of a file that somebody has put there without coppice.
  private func foreignDigest(_ name: String) throws -> Digest? {
    let path = root / FilePath(name)
    guard let status = try files.statusIfPresent(of: path) else { return nil }
    guard status.kind == .regular || status.kind == .symbolicLink else {
      throw Failure("\(path) is no file", help: "move it away: a file shall be published under that name")
    }
    // A link that leads nowhere shows nothing.
    guard try files.statusIfPresent(of: path, followingLinks: true) != nil else { return nil }
    return try files.digest(of: try files.resolved(path))
  }

  /// The names of the current release that lead to a whole file.
  private func shown() throws -> [String: Digest] {
    guard try files.statusIfPresent(of: current) != nil else { return [:] }
    let index = try? JSONValue(parsing: try files.contents(of: current / "index.json", limit: 16 << 20))
    var shown: [String: Digest] = [:]
    for file in index?["files"]?.array ?? [] {
      guard let name = file["name"]?.string, let digest = file["sha256"]?.string.flatMap({ Digest(hex: $0) }),
        let status = try files.statusIfPresent(of: self.file(digest)), status.kind == .regular,
        status.size == file["size"]?.integer
      else { continue }
      shown[name] = digest
    }
    return shown
  }

  package func target(of shipment: Shipment) -> Digest { shipment.output.digest }

  package func missingBytes(of shipments: [Shipment]) async throws -> [Int] {
    try inWords {
      var counted = Set<Digest>()
      return try shipments.map { shipment in
        let digest = shipment.output.digest
        guard counted.insert(digest).inserted, try files.statusIfPresent(of: file(digest)) == nil else { return 0 }
        return shipment.output.size
      }
    }
  }

  private struct Hold: DestinationHold {
    let lock: any FileLock
    func release() { lock.unlock() }
  }

  package func hold() async throws -> (any DestinationHold)? {
    try inWords {
      try files.createDirectory(inner)
      guard let lock = try files.lock(inner / "lock", waiting: false) else {
        throw Failure("somebody else publishes in \(root) at the moment", help: "try again when that has ended")
      }
      return Hold(lock: lock)
    }
  }

  // MARK: Uploading

  package func upload(_ shipment: Shipment, progress: @escaping @Sendable (Int) -> Void) async throws {
    try await onBlockingThread { [self] in
      try inWords {
        let digest = shipment.output.digest
        try files.createDirectory(inner / "files")
        if try files.statusIfPresent(of: file(digest))?.size != shipment.output.size {
          guard try files.freeSpace(at: inner) > shipment.output.size else {
            throw Failure("\(root) has no room for \(shipment.artifact)", help: "make room, and publish again")
          }
          try keep(try store.openAnywhere(blob: digest), at: file(digest), digest, progress) {
            Failure("\(digest) in the content store is damaged", help: "run `coppice verify`, then build again")
          }
        }
        for (suffix, bytes) in try companions(of: shipment)
        where try files.statusIfPresent(of: file(digest, suffix)) == nil {
          try files.replace(file(digest, suffix), with: bytes, mode: 0o644)
        }
      }
    }
  }

  /// Copies a file whole, or not at all.
  /// - Parameters:
  ///   - digest: nil where nobody knows it.
  ///   - fault: for a copy that has another one.
  private func keep(
    _ source: any RandomAccessFile, at path: FilePath, _ digest: Digest?,
    _ progress: @Sendable (Int) -> Void = { _ in }, orThrow fault: () -> Failure
  ) throws {
    let copy = try files.create(in: path.parent, mode: 0o444)
    defer { copy.discard() }
    var hasher = SHA256Hasher()
    try source.forEachPiece(of: 0..<source.size) { piece throws(FileSystemError) in
      hasher.update(piece)
      try copy.write(piece)
      progress(piece.count)
    }
    let made = hasher.finish()
    guard made == digest ?? made else { throw fault() }
    try copy.commit(to: path)
  }

  /// What the build has written beside the file, and the MD5 sum that casa_distro's clients compare.
  private func companions(of shipment: Shipment) throws -> [(suffix: String, bytes: [UInt8])] {
    let path = images / FilePath(ConversionRecipe.fileName(of: shipment.artifact) + ".json")
    guard let bytes = try files.contentsIfPresent(of: path, limit: 1 << 20) else { return [] }
    let document = try? JSONValue(parsing: bytes)
    // It may be that of another build.
    guard document?["sha256"]?.string == shipment.output.digest.hex else { return [] }
    let sum = document?["md5"]?.string.map { [(suffix: ".md5", bytes: Array($0.utf8))] } ?? []
    return [(".json", bytes)] + sum
  }

  // MARK: Names

  package func perform(
    _ switches: [NameSwitch], switched: @Sendable (NameSwitch) -> Void
  ) async throws -> [String] {
    try inWords {
      let (before, seen) = (try shown(), try seen(switches.map(\.name)))
      var shown = before
      var foreign: [String: Digest] = [:]
      for change in switches {
        let now = seen[change.name]
        guard now == change.from || now == change.to else {
          throw Failure(
            "\(root / FilePath(change.name)) is another file by now: somebody else put it there",
            help: "look what it is, then plan again")
        }
        if let now, try !isOurs(change.name) { foreign[change.name] = now }
        shown[change.name] = change.to
      }
      for case let to? in switches.map(\.to) where try files.statusIfPresent(of: file(to)) == nil {
        throw Failure("\(root) has no file sha256:\(to.short)… any more", help: "publish it again")
      }
      // What was there without coppice is kept, as a release of its own, so that it can come back.
      if !foreign.isEmpty {
        for (name, digest) in foreign { try adopt(name, digest) }
        try show(before.merging(foreign) { _, foreign in foreign })
      }
      for (name, digest) in shown.sorted(by: { $0.key < $1.key }) { try link(name, to: digest) }
      // What `current` shows must have its names before.
      try files.sync(inner)
      if shown != before || !foreign.isEmpty { try show(shown) }
      // A file that was there without coppice makes room last, when its name leads to the new one behind it.
      for change in switches where change.to != nil { try replaceForeign(change.name) }
      for change in switches where change.to == nil { try unlink(change.name) }
      switches.filter { seen[$0.name] != $0.to }.forEach(switched)
      removeOldReleases()
      return []
    }
  }

  /// Keeps a foreign file, and what lies beside it, under its digest.
  private func adopt(_ name: String, _ digest: Digest) throws {
    try files.createDirectory(inner / "files")
    for suffix in [""] + Self.companions where try files.statusIfPresent(of: file(digest, suffix)) == nil {
      let path = root / FilePath(name + suffix)
      guard try files.statusIfPresent(of: path, followingLinks: true)?.kind == .regular else { continue }
      let source = try files.openAnywhere(try files.resolved(path))
      try keep(source, at: file(digest, suffix), suffix.isEmpty ? digest : nil) {
        Failure("\(path) changed while it was read", help: "publish again when nobody writes there")
      }
    }
  }

  /// Makes a name lead through the current release, where nothing else has it.
  private func link(_ name: String, to digest: Digest) throws {
    for suffix in [""] + Self.companions
    where try files.statusIfPresent(of: root / FilePath(name + suffix)) == nil
      && files.statusIfPresent(of: file(digest, suffix)) != nil
    {
      try files.createLink(root / FilePath(name + suffix), to: ".coppice/current" / FilePath(name + suffix))
    }
  }

  private func replaceForeign(_ name: String) throws {
    for suffix in [""] + Self.companions {
      let path = root / FilePath(name + suffix)
      guard let status = try files.statusIfPresent(of: path), status.kind != .directory, try !isOurs(name + suffix)
      else { continue }
      let link = inner / FilePath(".link-" + name + suffix)
      try files.remove(link)
      try files.createLink(link, to: ".coppice/current" / FilePath(name + suffix))
      try files.rename(link, to: path)
    }
  }

  private func unlink(_ name: String) throws {
    for suffix in [""] + Self.companions
    where try files.statusIfPresent(of: root / FilePath(name + suffix))?.kind == .symbolicLink {
      try files.remove(root / FilePath(name + suffix))
    }
  }

  /// Makes a directory with all names, then lets `current` lead to it.
  private func show(_ visible: [String: Digest]) throws {
    let shownNumber = try currentNumber() ?? 0
    // What a killed run has left was never shown.
    for number in try releases() where number > shownNumber {
      try files.removeTree(inner / "releases" / FilePath("\(number)"))
    }
    let number = shownNumber + 1
    let directory = inner / "releases" / FilePath("\(number)")
    try files.createDirectory(directory)
    var index: [JSONValue] = []
    for (name, digest) in visible.sorted(by: { $0.key < $1.key }) {
      try files.createLink(directory / FilePath(name), to: "../../files" / FilePath(digest.hex))
      for suffix in Self.companions where try files.statusIfPresent(of: file(digest, suffix)) != nil {
        try files.createLink(directory / FilePath(name + suffix), to: "../../files" / FilePath(digest.hex + suffix))
      }
      let size = try files.status(of: file(digest), followingLinks: false).size
      index.append(["name": .string(name), "sha256": .string(digest.hex), "size": .integer(size)])
    }
    let text = JSONValue.object(JSONObject([("version", 1), ("files", .array(index))])).prettyText
    try files.replace(directory / "index.json", with: Array(text.utf8), mode: 0o644)
    if try files.statusIfPresent(of: root / "index.json") == nil {
      try files.createLink(root / "index.json", to: ".coppice/current/index.json")
    }
    let link = inner / "next"
    try files.remove(link)
    try files.createLink(link, to: "releases" / FilePath("\(number)"))
    try files.rename(link, to: current)
    try files.sync(inner)
  }

  private func currentNumber() throws -> Int? {
    guard try files.statusIfPresent(of: current)?.kind == .symbolicLink else { return nil }
    return try files.target(ofLink: current).name.text.flatMap { Int($0) }
  }

  private func releases() throws -> [Int] {
    guard try files.statusIfPresent(of: inner / "releases") != nil else { return [] }
    return try files.names(of: inner / "releases").compactMap { $0.name.text.flatMap { Int($0) } }.sorted()
  }

  /// Directories of old releases, and files that no release names any more; what stays costs room, and nothing else.
  private func removeOldReleases() {
    guard let all = try? releases(), let shown = try? currentNumber() else { return }
    for number in all.dropLast(Self.keptReleases) where number != shown {
      try? files.removeTree(inner / "releases" / FilePath("\(number)"))
    }
    var needed = Set<String>()
    for number in (try? releases()) ?? [] {
      let directory = inner / "releases" / FilePath("\(number)")
      guard let names = try? files.names(of: directory) else { return }
      for entry in names where entry.kind == .symbolicLink {
        guard let target = try? files.target(ofLink: directory / entry.name).name.text else { return }
        needed.insert(target)
      }
    }
    for entry in (try? files.names(of: inner / "files")) ?? [] {
      guard let name = entry.name.text, let digest = Digest(hex: name.prefix(64)), entry.kind == .regular,
        !needed.contains(digest.hex)
      else { continue }
      try? files.remove(inner / "files" / entry.name)
    }
  }

  private func inWords<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch {
      throw error.inWords
    }
  }
}
