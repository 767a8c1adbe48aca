package import ImageModel

/// What is wrong with the bytes of a SIF, and where.
package struct SIFFault: Error, Sendable, Hashable, CustomStringConvertible {
  package var offset: Int
  /// One line, lower case.
  package var message: String

  package init(_ offset: Int, _ message: String) {
    self.offset = offset
    self.message = message
  }

  package var description: String { "\(message) (byte \(offset))" }

  /// In words, with the file.
  package func failure(of file: FilePath) -> Failure {
    Failure("\(self)", at: SourceLocation(file: file), help: "fetch or build the file again")
  }
}
