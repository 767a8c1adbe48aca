internal import HostSystem
internal import ImageModel

/// Conversions alone, without engines and steps; one for each way in which an image comes.
@main
enum Convert {
  private static let usage = """
    usage: coppice-convert import STORE ARCHIVE        prints the image's id
           coppice-convert image STORE ID OUT gzip|zstd THREADS [EARLIER]
           coppice-convert layout DIRECTORY OUT gzip|zstd THREADS
    """

  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let files = PosixFileSystem()
    switch (arguments.first, arguments.count) {
    case ("import", 3):
      print(try Conversions(files).importArchive(FilePath(arguments[2]), store: FilePath(arguments[1])))
    case ("image", 6...7):
      let work = Conversions(files, compression: arguments[4], threads: arguments[5])
      try work.convert(
        arguments[2], store: FilePath(arguments[1]), to: FilePath(arguments[3]), reusing: arguments.dropFirst(6).first)
    case ("layout", 5):
      let work = Conversions(files, compression: arguments[3], threads: arguments[4])
      try work.convert(layout: FilePath(arguments[1]), to: FilePath(arguments[2]))
    default: throw Failure(usage)
    }
  }
}
