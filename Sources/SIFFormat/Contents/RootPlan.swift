package import ImageModel

/// The changes that make an image's root file system one that runtimes of SIF can start, in their order.
package struct RootPlan {
  package private(set) var changes: [RootChange] = []
  /// Where something of the image is in the way.
  package private(set) var diagnostics: [Diagnostic] = []

  private let root: any RootView
  /// What the changes made so far have put somewhere.
  private var made: [FilePath: RootEntry] = [:]
  private var moved: FilePath?

  /// Where the runtime finds its files.
  private static let ownDirectories: [FilePath] = [
    ".singularity.d", ".singularity.d/libs", ".singularity.d/actions", ".singularity.d/env",
  ]
  /// Where the runtime mounts something.
  private static let mountPoints: [FilePath] = ["dev", "proc", "root", "var/tmp", "tmp", "etc", "sys", "home"]
  private static let links: [(path: FilePath, target: FilePath)] = [
    (".exec", ".singularity.d/actions/exec"), (".run", ".singularity.d/actions/run"),
    (".shell", ".singularity.d/actions/shell"), (".test", ".singularity.d/actions/test"),
    ("environment", ".singularity.d/env/90-environment.sh"), ("singularity", ".singularity.d/runscript"),
  ]
  private static let definition: FilePath = ".singularity.d/Singularity"
  private static let history: FilePath = ".singularity.d/bootstrap_history"

  package init(_ files: SingularityFiles, in root: some RootView) {
    self.root = root
    // In this order nothing that is made leads somewhere else later.
    for (path, target) in Self.links { makeLink(path, target) }
    for path in Self.ownDirectories { makeOwnDirectory(path) }
    keepDefinition()
    for file in files.files {
      if let directory = place(of: file.path.parent).existing {
        write(directory / file.path.name, mode: file.mode, file.bytes)
      }
    }
    for path in Self.mountPoints { makeMountPoint(path) }
    for path: FilePath in ["etc/hosts", "etc/resolv.conf"] { empty(path) }
  }

  private func entry(at path: FilePath) -> RootEntry? {
    if let entry = made[path] { return entry }
    if path == moved { return nil }
    // Below what is new there is only what is new.
    var parent = path.parent
    while !parent.isEmpty {
      if made[parent] != nil { return nil }
      parent = parent.parent
    }
    return root.entry(at: path)
  }

  // MARK: the changes

  /// What is no directory gives way, and so does a link that leads to none.
  private mutating func makeOwnDirectory(_ path: FilePath) {
    while let obstacle = obstacle(to: path) { add(.makeDirectory(obstacle), obstacle, .directory) }
  }

  /// What is no directory stays; what a link leads to is made.
  private mutating func makeMountPoint(_ path: FilePath) {
    switch place(of: path) {
    case .found(_, .directory): return
    case .missing(let parent, let rest):
      var directory = parent
      for name in rest {
        directory = directory / FilePath(bytes: name)
        add(.makeDirectory(directory), directory, .directory)
      }
    case .found, .blocked: warn("/\(path) is no directory", "the runtime cannot mount anything there")
    }
  }

  /// The first name on the way that does not lead to a directory.
  private func obstacle(to path: FilePath) -> FilePath? {
    var way = FilePath(bytes: [])
    for name in path.components {
      let next = way / FilePath(bytes: name)
      guard place(of: next).existing != nil else {
        return place(of: way).existing.map { $0 / FilePath(bytes: name) }
      }
      way = next
    }
    return nil
  }

  private mutating func makeLink(_ path: FilePath, _ target: FilePath) {
    switch entry(at: path) {
    case .link(target): return
    case nil, .link: add(.link(path, target: target), path, .link(target))
    default: warn("/\(path) is the image's own", "the runtime's stays away")
    }
  }

  /// The runtime mounts the host's file over it.
  private mutating func empty(_ path: FilePath) {
    switch place(of: path) {
    case .found(let file, .regular) where made[file] == nil: write(file, mode: 0o644, [])
    case .missing, .blocked, .found(_, .regular):
      // A link that leads nowhere cannot be mounted over; one that leads to a file of ours must not be.
      guard let directory = place(of: path.parent).existing else { return }
      write(directory / path.name, mode: 0o644, [])
    case .found: warn("/\(path) is no file", "the runtime cannot mount the host's there")
    }
  }

  /// The definition of a container that the image was made from goes to its history.
  private mutating func keepDefinition() {
    guard let directory = place(of: Self.definition.parent).existing else { return }
    let old = directory / Self.definition.name
    guard entry(at: old) == .regular else { return }
    makeOwnDirectory(Self.history)
    guard let history = place(of: Self.history).existing else { return }
    var number = root.count(in: history)
    while entry(at: history / FilePath("Apptainer\(number)")) != nil { number += 1 }
    let new = history / FilePath("Apptainer\(number)")
    add(.move(old, to: new), new, .regular)
    made[old] = nil
    moved = old
  }

  private mutating func write(_ path: FilePath, mode: UInt16, _ bytes: [UInt8]) {
    add(.write(path, mode: mode, bytes: bytes), path, .regular)
  }

  private mutating func add(_ change: RootChange, _ path: FilePath, _ entry: RootEntry) {
    changes.append(change)
    made[path] = entry
  }

  private mutating func warn(_ message: String, _ consequence: String) {
    diagnostics.append(Diagnostic(.warning, "\(message): \(consequence)"))
  }

  // MARK: where a path leads

  private enum Place {
    /// What is there, and its path without links.
    case found(FilePath, RootEntry)
    /// Nothing: the last directory on the way, and the names below it.
    case missing(FilePath, [[UInt8]])
    /// What is no directory, or a link in a circle, stands in the way.
    case blocked(FilePath)

    var existing: FilePath? { if case .found(let path, .directory) = self { path } else { nil } }
  }

  /// Follows links as the container will: nothing leads out of the root.
  private func place(of path: FilePath) -> Place {
    var trail: [[UInt8]] = []
    var rest = Array(path.components.reversed())
    var linksLeft = 40
    while let name = rest.popLast() {
      if name == Array(".".utf8) { continue }
      if name == Array("..".utf8) {
        _ = trail.popLast()
        continue
      }
      let here = FilePath(bytes: (trail + [name]).joined(separator: [UInt8(ascii: "/")]))
      switch entry(at: here) {
      case .directory?: trail.append(name)
      case .link(let target)?:
        linksLeft -= 1
        if linksLeft == 0 { return .blocked(here) }
        if target.isAbsolute { trail = [] }
        rest += target.components.reversed()
      case let entry?: return rest.isEmpty ? .found(here, entry) : .blocked(here)
      case nil:
        let names = ([name] + rest.reversed())
        // `..` below what is not there leads nowhere.
        if names.contains(Array("..".utf8)) { return .blocked(here) }
        return .missing(here.parent, names.filter { $0 != Array(".".utf8) })
      }
    }
    return .found(FilePath(bytes: trail.joined(separator: [UInt8(ascii: "/")])), .directory)
  }
}
