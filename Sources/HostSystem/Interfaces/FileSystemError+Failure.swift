package import ImageModel

extension FileSystemError {
  /// In words, with what to do about it.
  package var failure: Failure {
    // The random name of a file that was being written tells nobody anything.
    let place = path.name.bytes.starts(with: Array(".coppice-".utf8)) ? path.parent : path
    return switch reason {
    case .noSpace:
      Failure(
        "no space left on the file system of \(path.parent)",
        help: "free some space there, for instance with `coppice gc`, and run again")
    case .notPermitted: Failure("cannot \(operation) \(place): \(text)", help: "let the user who runs coppice do that")
    case .readOnly: Failure("cannot \(operation) \(place): \(text)", help: "coppice must be able to write there")
    case .isADirectory, .notADirectory, .exists:
      Failure("cannot \(operation) \(place): \(text)", help: "something else lies there; move it away")
    default: Failure("cannot \(operation) \(place): \(text)")
    }
  }
}

extension Error {
  /// What the disk refused, in words; other errors as they are.
  package var inWords: any Error { (self as? FileSystemError)?.failure ?? self }
}
