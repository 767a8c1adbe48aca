import ImageModel
import TestSupport

@testable import SIFFormat

/// A root file system of names alone, to plan for and to carry plans out in.
struct TestRoot: RootView {
  /// By path; parents are there.
  private(set) var entries: [FilePath: RootEntry] = [:]
  private(set) var files: [FilePath: (mode: UInt16, bytes: [UInt8])] = [:]

  init(_ entries: [FilePath: RootEntry] = [:]) { self.entries = entries }

  func entry(at path: FilePath) -> RootEntry? { path.isEmpty ? .directory : entries[path] }

  func count(in directory: FilePath) -> Int { entries.keys.count { $0.parent == directory } }

  /// Strictly: what the promise of a change does not say is a fault.
  mutating func apply(_ change: RootChange) throws(Failure) {
    switch change {
    case .makeDirectory(let path):
      try check(path, entry(at: path) != .directory, "is a directory")
      removeBelow(path)
      try put(.directory, at: path)
    case .write(let path, let mode, let bytes):
      removeBelow(path)
      try put(.regular, at: path)
      files[path] = (mode, bytes)
    case .link(let path, let target):
      switch entry(at: path) {
      case nil, .link: try put(.link(target), at: path)
      default: throw Failure("\(path) is no link")
      }
    case .move(let path, let new):
      try check(path, entry(at: path) == .regular && entry(at: new) == nil, "cannot be moved")
      entries[path] = nil
      try put(.regular, at: new)
      files[new] = files.removeValue(forKey: path)
    }
  }

  private mutating func put(_ entry: RootEntry, at path: FilePath) throws(Failure) {
    try check(path, path.parent.isEmpty || entries[path.parent] == .directory, "has no parent")
    try check(path, path == path.normalized && !path.isAbsolute, "is not plain")
    entries[path] = entry
  }

  private mutating func removeBelow(_ path: FilePath) {
    for other in entries.keys where other != path && other.isBelow(path) { entries[other] = nil }
  }

  private func check(_ path: FilePath, _ condition: Bool, _ message: String) throws(Failure) {
    if !condition { throw Failure("\(path) \(message)") }
  }

  /// Where a path leads, and what is there.
  func followed(_ path: FilePath) -> (path: FilePath, entry: RootEntry)? {
    var trail: [[UInt8]] = []
    var rest = Array(path.components.reversed())
    var steps = 0
    while let name = rest.popLast() {
      steps += 1
      if steps > 500 { return nil }
      if name == Array(".".utf8) { continue }
      if name == Array("..".utf8) {
        _ = trail.popLast()
        continue
      }
      let here = FilePath(bytes: (trail + [name]).joined(separator: Array("/".utf8)))
      guard let entry = entry(at: here) else { return nil }
      switch entry {
      case .link(let target):
        if target.isAbsolute { trail = [] }
        rest += target.components.reversed()
      case .directory: trail.append(name)
      default: return rest.isEmpty ? (here, entry) : nil
      }
    }
    return (FilePath(bytes: trail.joined(separator: Array("/".utf8))), .directory)
  }

  /// Of names that the plan cares for, with links among them.
  static func random(_ random: inout SeededGenerator) -> TestRoot {
    let names: [FilePath] = [
      ".singularity.d", ".singularity.d/env", ".singularity.d/env/99-base.sh", ".singularity.d/runscript",
      ".singularity.d/Singularity", ".singularity.d/bootstrap_history", ".singularity.d/bootstrap_history/Apptainer0",
      ".singularity.d/bootstrap_history/Apptainer1", ".singularity.d/libs", "etc", "etc/hosts", "etc/resolv.conf",
      "var",
      "var/tmp", "tmp", "home", "root", "dev", "usr", "usr/etc", "usr/x", "singularity", "environment", ".run", ".exec",
    ]
    let targets: [FilePath] = [
      "usr", "/usr/etc", "../..", "nowhere", "usr/x", "nowhere/../usr", "/etc/hosts", "singularity", "../usr/x", ".",
      "/",
      "/run/systemd/resolv.conf", "etc",
    ]
    var root = TestRoot()
    for name in names where !random.once(in: 3) {
      guard name.parent.isEmpty || root.entries[name.parent] == .directory else { continue }
      let isLeaf = !names.contains { $0.parent == name }
      switch Int.random(in: 0..<8, using: &random) {
      case 0, 1: root.entries[name] = .link(targets.randomElement(using: &random) ?? "usr")
      case 2: root.entries[name] = .other
      case 3: root.entries[name] = .regular
      default: root.entries[name] = isLeaf && !random.once(in: 4) ? .regular : .directory
      }
    }
    return root
  }
}
