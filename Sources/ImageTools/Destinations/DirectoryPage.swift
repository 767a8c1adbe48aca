import ImageModel
import JSONText

/// The lists of the files of a release: `index.json`, which `coppice download` reads, and a page for people.
struct DirectoryPage {
  let files: [(name: String, digest: Digest, size: Int)]

  var json: [UInt8] {
    let list: [JSONValue] = files.map { file in
      ["name": .string(file.name), "sha256": .string(file.digest.hex), "size": .integer(file.size)]
    }
    return Array(JSONValue.object(JSONObject([("version", 1), ("files", .array(list))])).prettyText.utf8)
  }

  /// Whether it is such a list, if perhaps an empty one.
  static func isOne(_ json: [UInt8]) -> Bool {
    let document = try? JSONValue(parsing: json)
    return document?["version"]?.integer != nil && document?["files"]?.array != nil
  }

  var html: [UInt8] {
    let rows = files.map { file in
      let name = Self.escaped(file.name)
      return "<tr><td><a href=\"\(Self.address(file.name))\">\(name)</a><td class=n>\(ByteCount(file.size))"
        + "<td><code>\(file.digest.hex)</code>\n"
    }
    let page = """
      <!DOCTYPE html>
      <html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
      <title>Images</title>
      <style>
      body{font:16px/1.5 sans-serif;margin:2em auto;max-width:72em;padding:0 1em}
      table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3em .6em;border-bottom:1px solid #ccc}
      .n{text-align:right;white-space:nowrap}code{font-size:12px;overflow-wrap:anywhere}
      </style>
      <h1>Images</h1>
      <table><tr><th>File<th class=n>Size<th>SHA-256
      \(rows.joined())</table>

      """
    return Array(page.utf8)
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
  }

  /// A name as a part of an address.
  static func address(_ name: String) -> String {
    name.utf8.reduce(into: "") { result, byte in
      let isPlain =
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || "-._~".utf8.contains(byte)
      if isPlain {
        result.append(Character(UnicodeScalar(byte)))
      } else {
        let hex = String(byte, radix: 16, uppercase: true)
        result += "%" + (hex.utf8.count == 1 ? "0" : "") + hex
      }
    }
  }
}
