internal import CSys
internal import Glibc
internal import ImageModel

/// The names in a directory, but `.` and `..`, as C strings in one block of bytes, sorted by their bytes.
struct DirectoryListing {
  // One allocation for all names, each behind its kind: an array for each costs more than the system calls.
  private var text: [CChar] = []
  private var starts: [Int] = []

  init(of directory: borrowing FileDescriptor, _ path: FilePath) throws(FileSystemError) {
    let (number, size) = (directory.number, 65536)
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
    defer { buffer.deallocate() }
    // It may have been listed before.
    try systemCall("lseek", path) { lseek(number, 0, SEEK_SET) }
    while true {
      let count = try systemCall("getdents64", path) { cs_getdents64(number, buffer, size) }
      if count == 0 { break }
      // struct linux_dirent64: inode 8, offset 8, length of the record 2, type 1, name with its zero byte.
      var position = 0
      while position < count {
        let record = buffer + position
        position += Int((record + 16).loadUnaligned(as: UInt16.self))
        let name = (record + 19).assumingMemoryBound(to: CChar.self)
        if strcmp(name, ".") == 0 || strcmp(name, "..") == 0 { continue }
        text.append((record + 18).load(as: CChar.self))
        starts.append(text.count)
        text.append(contentsOf: UnsafeBufferPointer(start: name, count: strlen(name) + 1))
      }
    }
    var sorted = starts
    text.withUnsafeBufferPointer { text in
      guard let base = text.baseAddress else { return }
      sorted.sort { strcmp(base + $0, base + $1) < 0 }
    }
    starts = sorted
  }

  var count: Int { starts.count }
  var isEmpty: Bool { starts.isEmpty }

  /// Calls `body` with the name at `index`; the pointer is valid during the call.
  func withName<Result>(_ index: Int, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
    let start = starts[index]
    func call(_ base: UnsafePointer<CChar>) -> Result { body(base + start) }
    return call(text)
  }

  /// Nil where the file system does not tell.
  func kind(_ index: Int) -> FileStatus.Kind? {
    switch Int(text[starts[index] - 1]) {
    case 1: .fifo
    case 2: .characterDevice
    case 4: .directory
    case 6: .blockDevice
    case 8: .regular
    case 10: .symbolicLink
    case 12: .socket
    default: nil
    }
  }

  func name(_ index: Int) -> FilePath {
    withName(index) { name in
      FilePath(bytes: UnsafeRawBufferPointer(start: name, count: strlen(name)))
    }
  }
}
