internal import HostSystem
internal import ImageModel
internal import SIFFormat

extension SIFListOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let path = try invocation.place(ofSIF: file)
    let report = SIFReport(try SIFImage(reading: try PosixFileSystem().openAnywhere(path)), path: path)
    if isJSON { invocation.show(report.json) } else { invocation.output.write(report.text(style: invocation.style)) }
    return .success
  }
}
