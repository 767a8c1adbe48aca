import HostSystem
import ImageModel

@testable import SIFFormat

/// A root file system in a directory, to carry plans out in.
struct DirectoryRoot: RootView {
  let directory: FilePath
  private let files = PosixFileSystem()

  init(_ directory: FilePath) { self.directory = directory }

  func entry(at path: FilePath) -> RootEntry? {
    guard let status = try? files.statusIfPresent(of: directory / path) else { return nil }
    switch status.kind {
    case .directory: return .directory
    case .regular: return .regular
    case .symbolicLink: return (try? files.target(ofLink: directory / path)).map { .link($0) } ?? .other
    default: return .other
    }
  }

  func count(in path: FilePath) -> Int { (try? files.entries(of: directory / path).count) ?? 0 }

  func apply(_ change: RootChange) throws {
    switch change {
    case .makeDirectory(let path):
      try files.removeTree(directory / path)
      try files.createDirectory(directory / path)
    case .write(let path, let mode, let bytes):
      if entry(at: path) == .directory { try files.removeTree(directory / path) }
      try files.replace(directory / path, with: bytes, mode: mode)
    case .link(let path, let target):
      try files.remove(directory / path)
      try files.createLink(directory / path, to: target)
    case .move(let path, let new): try files.rename(directory / path, to: directory / new)
    }
  }
}
