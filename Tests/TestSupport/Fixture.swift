internal import Disk

/// The files under `fixtures/`: bytes that earlier builds have written and every later build must be able to read.
package enum Fixture {
    /// The directory `fixtures/` of this checkout.
    package static let directory: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/") + "/fixtures"
    }()

    package static func path(_ name: String) -> String {
        "\(directory)/\(name)"
    }

    /// Returns the bytes of a fixture.
    ///
    /// - Throws: The failed call, for example if the file does not exist.
    package static func bytes(of name: String) throws -> [UInt8] {
        let file = try File(path(name), .read, on: PosixDisk())
        return try file.bytes(at: 0, count: Int(file.byteCount))
    }

    /// Returns the lines of a fixture, without their newlines.
    ///
    /// - Throws: The failed call, for example if the file does not exist.
    package static func lines(of name: String) throws -> [String] {
        try bytes(of: name).split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}
