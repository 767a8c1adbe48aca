package import HostSystem
package import ImageModel

/// The files of an image layout in a directory; no link leads out of it.
package struct LayoutDirectory: ImageFiles {
  package let name: String
  private let root: FilePath
  private let files: any FileSystem

  package init(_ directory: FilePath, files: any FileSystem) throws {
    root = try files.resolved(directory)
    name = "image layout \(directory)"
    self.files = files
  }

  package func size(of path: String) throws -> Int? {
    guard let file = try resolved(path), let status = try files.statusIfPresent(of: file), status.kind == .regular
    else { return nil }
    return status.size
  }

  package func open(_ path: String) throws -> any ByteReader {
    guard let file = try resolved(path) else { throw fault("`\(path)` is missing") }
    return try files.open(file)
  }

  private func resolved(_ path: String) throws -> FilePath? {
    let resolved: FilePath
    do {
      resolved = try files.resolved(root / FilePath(path))
    } catch {
      if error.reason == .notFound || error.reason == .notADirectory { return nil }
      throw error
    }
    guard resolved.isBelow(root) else {
      throw fault("`\(path)` leads out of it", help: "put the file itself there")
    }
    return resolved
  }
}
