import ImageModel
import JSONText
import ReleasePlanning

/// How releases lie in a directory, and what must change for names to lead elsewhere; knows no disk.
///
/// A name is a link through `.coppice/current`, which is a link to a directory with all names of one release, each a link to
/// a file of `.coppice/files`. So all names switch at once, when `current` is renamed over.
struct ReleaseDirectory {
  /// What lies beside a file under its name with an ending.
  static let companions = [".json", ".md5"]
  /// Releases that stay, so that names can switch back to them.
  private static let keptReleases = 3
  private static let current = ".coppice/current"
  /// What lists the files of a release, for programs and for people.
  private static let lists = ["index.json", "index.html"]

  static func file(_ digest: Digest, _ suffix: String = "") -> String { ".coppice/files/\(digest.hex)\(suffix)" }
  static func release(_ number: Int) -> String { ".coppice/releases/\(number)" }
  /// Where a name leads.
  static func target(of name: String) -> String { "\(current)/\(name)" }

  /// For messages.
  private let site: String
  private var overview: SiteOverview
  private let entries: [String: SiteEntry]
  /// The names of the current release that lead to a whole file.
  private(set) var shown: [String: Digest]
  private var changes: [SiteChange] = []
  private var linkedLists = Set<String>()

  /// - Parameter entries: of the names that are asked about, of what is shown, and of what lies beside both.
  init(site: String, _ overview: SiteOverview?, entries: [String: SiteEntry] = [:]) {
    self.site = site
    self.overview = overview ?? SiteOverview()
    self.entries = entries
    shown = [:]
    for file in Self.listed(in: self.overview.index ?? []) where self.overview.files[file.digest.hex] == file.size {
      shown[file.name] = file.digest
    }
  }

  /// The files that `index.json` names.
  static func listed(in index: [UInt8]) -> [(name: String, digest: Digest, size: Int)] {
    (try? JSONValue(parsing: index))?["files"]?.array?.compactMap { file in
      guard let name = file["name"]?.string, let digest = file["sha256"]?.string.flatMap({ Digest(hex: $0) }),
        let size = file["size"]?.integer, size >= 0, isName(name)
      else { return nil }
      return (name, digest, size)
    } ?? []
  }

  /// Whether it is one component that leads nowhere else and hides nothing, whoever has written it.
  private static func isName(_ text: String) -> Bool {
    !text.isEmpty && !text.hasPrefix(".") && !text.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 || $0 == 0x7F }
  }

  /// What readers find, by name.
  var shownFiles: [PublishedFile] {
    shown.map { PublishedFile(name: $0.key, digest: $0.value, size: overview.files[$0.value.hex] ?? 0) }
      .sorted { $0.name < $1.name }
  }

  /// All paths that names stand for.
  static func paths(of names: some Sequence<String>) -> [String] {
    names.flatMap { name in ([""] + companions).map { name + $0 } } + lists
  }

  /// What readers find under a name.
  func seen(_ name: String) throws(Failure) -> Digest? {
    switch entries[name] {
    case .ours: shown[name]
    case .foreign(let digest, _): digest
    case .dangling, nil: nil
    case .noFile:
      throw Failure("\(site)/\(name) is no file", help: "move it away: a file shall be published under that name")
    }
  }

  // MARK: Names

  /// How names come to lead elsewhere.
  struct Switching {
    var changes: [SiteChange]
    /// What removes old releases after that.
    var tidying: [SiteChange]
    /// Names that lead elsewhere then.
    var done: [NameSwitch]
  }

  static func switching(
    _ switches: [NameSwitch], site: String, _ overview: SiteOverview?, entries: [String: SiteEntry]
  ) throws(Failure) -> Switching {
    var directory = ReleaseDirectory(site: site, overview, entries: entries)
    let done = try directory.perform(switches)
    return Switching(changes: directory.changes, tidying: tidying(directory.overview), done: done)
  }

  private mutating func perform(_ switches: [NameSwitch]) throws(Failure) -> [NameSwitch] {
    let before = shown
    var wanted = shown
    var foreign: [String: Digest] = [:]
    var switched: [NameSwitch] = []
    for change in switches {
      let now = try seen(change.name)
      guard now == change.from || now == change.to else {
        throw Failure(
          "\(site)/\(change.name) is another file by now: somebody else put it there",
          help: "look what it is, then plan again")
      }
      if let now, entries[change.name] != .ours { foreign[change.name] = now }
      if now != change.to { switched.append(change) }
      wanted[change.name] = change.to
    }
    for case let to? in switches.map(\.to) where overview.files[to.hex] == nil {
      throw Failure("\(site) has no file sha256:\(to.short)… any more", help: "publish it again")
    }
    // What was there without coppice is kept, as a release of its own, so that it can come back.
    for (name, digest) in foreign.sorted(by: { $0.key < $1.key }) { keep(name, digest) }
    if !foreign.isEmpty { show(before.merging(foreign) { _, foreign in foreign }) }
    for (name, digest) in wanted.sorted(by: { $0.key < $1.key }) { link(name, to: digest) }
    // What `current` shows must have its names before.
    changes.append(.sync)
    if wanted != before || !foreign.isEmpty { show(wanted) }
    // A file that was there without coppice makes room last, when its name leads to the new one behind it.
    for change in switches where change.to != nil { replaceForeign(change.name) }
    for change in switches where change.to == nil { unlink(change.name) }
    return switched
  }

  /// Keeps a foreign file, and what lies beside it, under its digest.
  private mutating func keep(_ name: String, _ digest: Digest) {
    for suffix in [""] + Self.companions where overview.files[digest.hex + suffix] == nil {
      guard case .foreign(_, let size)? = entries[name + suffix] else { continue }
      changes.append(.directory(".coppice/files"))
      changes.append(.keep(name + suffix, as: Self.file(digest, suffix), suffix.isEmpty ? digest : nil))
      overview.files[digest.hex + suffix] = size
    }
  }

  /// Makes a name lead through the current release, where nothing else has it.
  private mutating func link(_ name: String, to digest: Digest) {
    for suffix in [""] + Self.companions
    where entries[name + suffix] == nil && overview.files[digest.hex + suffix] != nil {
      changes.append(.link(name + suffix, to: Self.target(of: name + suffix)))
    }
  }

  private mutating func replaceForeign(_ name: String) {
    for suffix in [""] + Self.companions {
      switch entries[name + suffix] {
      case .foreign, .dangling: break
      case .ours, .noFile, nil: continue
      }
      let link = ".coppice/.link-\(name)\(suffix)"
      changes += [.remove(link), .link(link, to: Self.target(of: name + suffix)), .rename(link, to: name + suffix)]
    }
  }

  private mutating func unlink(_ name: String) {
    for suffix in [""] + Self.companions where entries[name + suffix] == .ours || entries[name + suffix] == .dangling {
      changes.append(.remove(name + suffix))
    }
  }

  /// Makes a directory with all names, then lets `current` lead to it.
  private mutating func show(_ visible: [String: Digest]) {
    // Nobody makes so many; a name that somebody else gave must not overflow.
    let last = min(max(0, overview.current ?? 0), 1 << 40)
    // What a killed run has left was never shown.
    for number in overview.releases.keys.sorted() where number > last {
      changes.append(.removeTree(Self.release(number)))
      overview.releases[number] = nil
    }
    let number = last + 1
    let directory = Self.release(number)
    changes.append(.directory(directory))
    var needed = Set<String>()
    var list: [(name: String, digest: Digest, size: Int)] = []
    for (name, digest) in visible.sorted(by: { $0.key < $1.key }) {
      for suffix in [""] + Self.companions where overview.files[digest.hex + suffix] != nil {
        changes.append(.link("\(directory)/\(name)\(suffix)", to: "../../files/\(digest.hex)\(suffix)"))
        needed.insert(digest.hex + suffix)
      }
      list.append((name, digest, overview.files[digest.hex] ?? 0))
    }
    let page = DirectoryPage(files: list)
    for (name, bytes) in zip(Self.lists, [page.json, page.html]) {
      changes.append(.write("\(directory)/\(name)", bytes))
      // What people have written themselves stays.
      if entries[name] == nil, linkedLists.insert(name).inserted {
        changes.append(.link(name, to: Self.target(of: name)))
      }
    }
    changes += [.remove(".coppice/next"), .link(".coppice/next", to: "releases/\(number)")]
    changes += [.rename(".coppice/next", to: Self.current), .sync]
    overview.releases[number] = needed
    overview.current = number
  }

  // MARK: Leftovers

  /// Removes directories of old releases, and files that no release names any more.
  private static func tidying(_ overview: SiteOverview) -> [SiteChange] {
    let numbers = overview.releases.keys.sorted()
    let old = numbers.dropLast(keptReleases).filter { $0 != overview.current }
    let needed = overview.releases.reduce(into: Set<String>()) { needed, release in
      // A companion that nobody links to stays with its file.
      if !old.contains(release.key) { needed.formUnion(release.value.map { String($0.prefix(64)) }) }
    }
    let files = overview.files.keys.filter {
      Digest(hex: $0.prefix(64)) != nil && !needed.contains(String($0.prefix(64)))
    }
    return old.map { .removeTree(release($0)) } + files.sorted().map { .remove(".coppice/files/\($0)") }
  }
}
