package import HostSystem
package import ImageModel

/// What is past cannot be changed.
extension GitFileSystem {
  private func refuse(_ operation: String, _ path: FilePath) -> FileSystemError {
    Self.error(operation, path, .readOnly, "Read-only file system")
  }

  package func createDirectory(_ path: FilePath) throws(FileSystemError) { throw refuse("mkdir", path) }
  package func create(in directory: FilePath, mode: UInt16) throws(FileSystemError) -> any PendingFile {
    throw refuse("create", directory)
  }
  package func replace(_ path: FilePath, with bytes: [UInt8], mode: UInt16) throws(FileSystemError) {
    throw refuse("write", path)
  }
  package func append(_ bytes: [UInt8], to path: FilePath) throws(FileSystemError) { throw refuse("write", path) }
  package func setModified(_ nanoseconds: Int, of path: FilePath) throws(FileSystemError) {
    throw refuse("utimes", path)
  }
  package func createLink(_ path: FilePath, to target: FilePath) throws(FileSystemError) {
    throw refuse("symlink", path)
  }
  package func hardLink(_ path: FilePath, to existing: FilePath) throws(FileSystemError) { throw refuse("link", path) }
  package func rename(_ path: FilePath, to newPath: FilePath) throws(FileSystemError) { throw refuse("rename", path) }
  package func setMode(_ mode: UInt16, of path: FilePath) throws(FileSystemError) { throw refuse("chmod", path) }
  package func remove(_ path: FilePath) throws(FileSystemError) { throw refuse("unlink", path) }
  package func removeTree(_ path: FilePath) throws(FileSystemError) { throw refuse("rmdir", path) }
  package func lock(_ path: FilePath, waiting: Bool) throws(FileSystemError) -> (any FileLock)? {
    throw refuse("lock", path)
  }
}
