internal import JSON

/// Correction of checksums after edits, so that the code that runs after their verification is fuzzed too.
enum Checksums {
    /// Returns the lines with correct checksums; `seed` returns the seed for a line's offset.
    static func mended(_ lines: [UInt8], seed: (Int) -> UInt64) -> [UInt8] {
        var mended: [UInt8] = []
        for line in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) where !line.isEmpty {
            var covered =
                line.count > CheckedLine.trailerByteCount ? line.dropLast(CheckedLine.trailerByteCount - 1) : line
            if covered.first != UInt8(ascii: "{") { covered = Array("{".utf8) + covered }
            let start = mended.count
            mended += covered
            if mended.count - start < 2 { mended.append(UInt8(ascii: " ")) }
            mended.append(UInt8(ascii: "}"))
            CheckedLine.seal(&mended, from: start, seed: seed(start))
        }
        return mended
    }
}
