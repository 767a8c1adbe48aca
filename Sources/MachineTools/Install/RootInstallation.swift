internal import ContentStore
internal import HostSystem
internal import ImageModel

/// Lays the files of a docker image over the root of a machine: what makes a run image of a base.
///
/// The machine keeps what it boots with, who it is and who works there (`OwnFiles`); accounts and what dpkg knows are merged.
struct RootInstallation {
  let rootfs: MachineRootFS
  let tree: RootTree
  let spool: ContentSpool
  /// The machine's own.
  let system: ExtFileSystem
  private let excluded: [PathPattern]
  private let base: [[UInt8]]
  private var accounts: AccountMerge?

  private static let longest = 64 << 20
  init(_ rootfs: MachineRootFS, _ tree: RootTree, _ spool: ContentSpool, over system: ExtFileSystem) throws {
    (self.rootfs, self.tree, self.spool, self.system) = (rootfs, tree, spool, system)
    excluded = rootfs.exclude.map(PathPattern.init)
    base = FilePath(rootfs.path).normalized.components
    paths = Self.paths(of: tree)
    if isWhole { try checkDistribution() }
    var (mine, theirs) = (AccountMerge.Files(), AccountMerge.Files())
    for file in AccountMerge.File.allCases {
      mine[file] = Self.text(try system.contents(of: file.path, limit: Self.longest))
      theirs[file] = try text(file.path)
    }
    accounts = AccountMerge(mine, adding: theirs)
  }

  /// For the guest: unpacks `$PAYLOAD` at its root.
  static let script = """
    set -e
    tar -xpf "$PAYLOAD" -C / --numeric-owner --keep-directory-symlink --no-overwrite-dir \
      --xattrs --xattrs-include='*'
    if command -v ldconfig >/dev/null; then ldconfig; fi
    """

  private var isWhole: Bool { base.isEmpty }
  /// Of each entry of the tree, in its order.
  private let paths: [[[UInt8]]]

  private static func paths(of tree: RootTree) -> [[[UInt8]]] {
    var ofInode: [Int: [[UInt8]]] = [0: []]
    return tree.entries.map { entry in
      let path = (ofInode[entry.parent] ?? []) + [entry.name]
      if tree.inodes[entry.inode].kind == .directory { ofInode[entry.inode] = path }
      return path
    }
  }

  /// Programs of one distribution do not run with the libraries of another.
  private func checkDistribution() throws {
    func identity(_ text: String) -> [String] {
      ["ID=", "VERSION_ID="].map { key in
        text.split(separator: "\n").first { $0.hasPrefix(key) }
          .map { $0.dropFirst(key.count).filter { $0 != "\"" && $0 != "'" } } ?? "-"
      }
    }
    let path: FilePath = "/usr/lib/os-release"
    let theirs = identity(try text(path).isEmpty ? text("/etc/os-release") : text(path))
    let mine = identity(Self.text(try system.contents(of: "/etc/os-release", limit: Self.longest)))
    // An image without a system (a single program) disturbs nobody.
    guard theirs != ["-", "-"], theirs != mine else { return }
    throw Failure(
      "\(rootfs.image) is \(theirs.joined(separator: " ")), and the machine is \(mine.joined(separator: " "))",
      help: "install it below a directory with `path:`, or take a base of the same distribution")
  }

  private static func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

  /// A file of the image as text; empty when it has none.
  private func text(_ path: FilePath) throws -> String {
    let components = path.components
    guard let index = paths.firstIndex(of: components),
      case .file(let content, _) = tree.inodes[tree.entries[index].inode].kind
    else { return "" }
    return Self.text(try spool.bytes(of: content, limit: Self.longest))
  }

  /// Writes all that the guest is to unpack.
  func write(to payload: PayloadWriter) throws {
    var written: [Int: [UInt8]] = [:]
    for (index, entry) in tree.entries.enumerated() {
      let path = paths[index]
      guard path.starts(with: base), !excluded.contains(where: { $0.covers(path) }) else { continue }
      if isWhole, try OwnFiles.covers(path) || isTopLink(path, entry.inode) { continue }
      try write(entry.inode, Array(path.joined(separator: [UInt8(ascii: "/")])), &written, payload)
    }
    if isWhole { try writeMerged(to: payload) }
  }

  /// `/bin` and its like: where the machine has them already, what is below goes where they lead.
  private func isTopLink(_ path: [[UInt8]], _ inode: Int) throws -> Bool {
    guard path.count == 1, case .symbolicLink = tree.inodes[inode].kind else { return false }
    return try system.inode(at: "/" / FilePath(bytes: path[0]))?.kind == .directory
  }

  private func write(
    _ number: Int, _ path: [UInt8], _ written: inout [Int: [UInt8]], _ payload: PayloadWriter
  ) throws {
    let inode = tree.inodes[number]
    var entry = PayloadEntry(path: path, kind: .directory, mode: inode.mode)
    entry.uid = accounts?.users[inode.uid] ?? inode.uid
    entry.gid = accounts?.groups[inode.gid] ?? inode.gid
    (entry.modified, entry.attributes) = (inode.modified, inode.attributes)
    switch inode.kind {
    case .directory: try payload.begin(entry)
    case .symbolicLink(let target):
      entry.kind = .symbolicLink(target)
      try payload.begin(entry)
    case .characterDevice(let major, let minor), .blockDevice(let major, let minor):
      var isBlock = false
      if case .blockDevice = inode.kind { isBlock = true }
      entry.kind = .device(isBlock: isBlock, major: major, minor: minor)
      try payload.begin(entry)
    case .fifo:
      entry.kind = .fifo
      try payload.begin(entry)
    case .file(let content, let size):
      if let first = written[number] {
        entry.kind = .hardLink(first)
        entry.attributes = [:]
        return try payload.begin(entry)
      }
      written[number] = path
      entry.kind = .file(size: size)
      try payload.begin(entry)
      let (range, reader) = try spool.range(of: content)
      try payload.append(range, of: reader)
    }
  }

  private func writeMerged(to payload: PayloadWriter) throws {
    if let accounts {
      for file in AccountMerge.File.allCases { try put(file.path, accounts.files[file], to: payload) }
    }
    let status: FilePath = "/var/lib/dpkg/status"
    let (mine, theirs) = (Self.text(try system.contents(of: status, limit: Self.longest)), try text(status))
    guard !mine.isEmpty, !theirs.isEmpty else { return }
    try put(status, PackageDatabase(mine).laidOver(by: PackageDatabase(theirs)).status, to: payload)
    for name in ["triggers/File", "statoverride"] {
      let path = "/var/lib/dpkg" / FilePath(name)
      let lines = Self.text(try system.contents(of: path, limit: Self.longest)).split(separator: "\n")
      let added = try text(path).split(separator: "\n").filter { !lines.contains($0) }
      try put(path, (lines + added).map { $0 + "\n" }.joined(), to: payload)
    }
    // Three lines each: what, where to, who.
    let path: FilePath = "/var/lib/dpkg/diversions"
    let own = Self.triples(Self.text(try system.contents(of: path, limit: Self.longest)))
    let added = Self.triples(try text(path)).filter { new in !own.contains { $0.first == new.first } }
    try put(path, (own + added).joined().map { $0 + "\n" }.joined(), to: payload)
  }

  private static func triples(_ text: String) -> [[Substring]] {
    let lines = text.split(separator: "\n")
    return stride(from: 0, to: lines.count - 2, by: 3).map { Array(lines[$0..<$0 + 3]) }
  }

  /// In place of a file of the machine, as which it stays otherwise; nothing where it has none.
  private func put(_ path: FilePath, _ text: String, to payload: PayloadWriter) throws {
    guard let inode = try system.inode(at: path), inode.kind == .regular else { return }
    var entry = PayloadEntry(
      path: Array(path.bytes.dropFirst()), kind: .file(size: text.utf8.count), mode: inode.mode)
    (entry.uid, entry.gid) = (inode.uid, inode.gid)
    try payload.add(entry, Array(text.utf8))
  }
}
