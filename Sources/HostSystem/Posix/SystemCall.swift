internal import Glibc
internal import ImageModel

extension FileSystemError {
  /// The error that `code`, a value of `errno`, stands for.
  init(_ operation: String, _ path: FilePath, code: Int32) {
    let reason: Reason =
      switch code {
      case ENOENT: .notFound
      case EEXIST: .exists
      case EACCES, EPERM: .notPermitted
      case ENOTDIR: .notADirectory
      case EISDIR: .isADirectory
      case ENOTEMPTY: .notEmpty
      case ENOSPC, EDQUOT: .noSpace
      case ELOOP: .tooManyLinks
      case EROFS: .readOnly
      default: .other(code)
      }
    self.init(operation: operation, path: path, reason: reason, text: systemText(code))
  }
}

/// The system's words for a value of `errno`.
func systemText(_ code: Int32) -> String {
  // Since glibc 2.32 the buffer behind strerror belongs to the thread.
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}

/// Calls until it is not interrupted.
/// - Returns: the result, and `errno` when that is -1.
func uninterrupted<Result: SignedInteger>(_ body: () -> Result) -> (result: Result, code: Int32) {
  while true {
    let result = body()
    if result != -1 { return (result, 0) }
    let code = errno
    if code != EINTR { return (result, code) }
  }
}

/// A system call that works on an open file.
/// - Throws: what `errno` says when the result is -1.
@discardableResult
func systemCall<Result: SignedInteger>(
  _ operation: String, _ path: FilePath, _ body: () -> Result
) throws(FileSystemError) -> Result {
  let (result, code) = uninterrupted(body)
  guard code == 0 else { throw FileSystemError(operation, path, code: code) }
  return result
}

/// A system call that takes the path as a C string.
/// - Throws: what `errno` says when the result is -1; EINVAL when the path has a zero byte, which C would cut there.
@discardableResult
func systemCall<Result: SignedInteger>(
  _ operation: String, on path: FilePath, _ body: (UnsafePointer<CChar>) -> Result
) throws(FileSystemError) -> Result {
  let (result, code) = withCString(path, body)
  guard code == 0 else { throw FileSystemError(operation, path, code: code) }
  return result
}

/// As `systemCall(_:on:_:)`, for callers to whom some failures are answers.
/// - Returns: 0 or `errno`.
func systemCode(on path: FilePath, _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
  withCString(path, body).code
}

private func withCString<Result: SignedInteger>(
  _ path: FilePath, _ body: (UnsafePointer<CChar>) -> Result
) -> (result: Result, code: Int32) {
  let bytes = path.bytes
  if bytes.contains(0) { return (-1, EINVAL) }
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { buffer in
    bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
    buffer[bytes.count] = 0
    guard let text = buffer.baseAddress else { return (-1, EINVAL) }
    return uninterrupted { body(text) }
  }
}
