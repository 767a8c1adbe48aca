internal import HostSystem
internal import ImageModel
internal import SIFFormat

extension SIFExtractDefinitionOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let file = try PosixFileSystem().openAnywhere(invocation.place(ofSIF: file))
    guard let definition = try SIFMetadata(try SIFImage(reading: file), in: file).definition else {
      throw Failure("there is no definition in this file", at: SourceLocation(file: file.path))
    }
    invocation.showForeign(definition)
    return .success
  }
}
