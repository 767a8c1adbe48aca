internal import HostSystem
internal import ImageModel

extension FileSystemError {
  /// In words, with what to do about it.
  var inStore: Failure {
    var failure = failure
    failure.message = "content store: " + failure.message
    switch reason {
    case .noSpace:
      failure.help = "free some space, run `coppice gc`, or name another directory with `store:` in coppice.yaml"
    case .notPermitted: failure.help = "the content store must be writable by who builds"
    case .readOnly: failure.help = "name a writable directory with `store:` in coppice.yaml"
    default: break
    }
    return failure
  }
}

/// What the disk refuses comes out as a `Failure`; other errors as they are.
func inStore<Value>(_ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch let error as FileSystemError {
    throw error.inStore
  }
}
