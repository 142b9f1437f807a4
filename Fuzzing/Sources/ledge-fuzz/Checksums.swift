internal import JSON

/// Making checksums right again: they are no secret, and behind them is code that must hold as well.
enum Checksums {
    /// Returns the lines, each with the checksum it should have at its place; `seed` is given the line's offset.
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
