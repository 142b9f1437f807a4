internal import JSON
internal import NIOCore

@testable internal import API

/// Parses bodies and lines: the result must not depend on how they are split, and memory must stay within the limit.
func fuzzMultipart(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let cuts = input.bytes(input.number(below: 8)).map { 1 + Int($0) % 50 }
    let boundary = input.bool() ? "b" : "------------------------0123456789abcdef"
    let body = input.remainder()
    must(events(body, boundary, cuts) == events(body, boundary, []), "a body is the same in any pieces")
    must(lines(body, cuts) == lines(body, []), "lines are the same in any pieces")
    let header = String(decoding: body.prefix(200), as: UTF8.self)
    let parameters = HeaderParameters(parsing: header)
    _ = (parameters.value, parameters["boundary"], parameters.extended("filename"))
}

/// Returns the events of a body with adjacent bytes joined; at the end an error, if there was one.
private func events(_ body: [UInt8], _ boundary: String, _ cuts: [Int]) -> [String] {
    var parser = must("it is a boundary") { try MultipartParser(boundary: boundary) }
    var found: [String] = []
    var bytes: [UInt8] = []
    for piece in pieces(of: body, cuts) {
        parser.append(ByteBuffer(bytes: piece))
        do throws(MultipartError) {
            while let event = try parser.next() {
                if case .bytes(let more) = event {
                    bytes += more.readableBytesView
                    continue
                }
                if !bytes.isEmpty { found.append("bytes \(bytes)") }
                bytes = []
                found.append("\(event)")
            }
        } catch {
            return found + ["bytes \(bytes)", "\(error)"]
        }
        must(!parser.isComplete || found.last == "end", "a body that is complete has ended")
    }
    return found
}

private func lines(_ body: [UInt8], _ cuts: [Int]) -> [String] {
    var splitter = LineSplitter(byteCountMax: 100)
    var found: [String] = []
    for piece in pieces(of: body, cuts) {
        var rest = piece
        while let line = splitter.next(from: &rest) { found.append(text(line)) }
        must(rest.isEmpty, "a piece is taken whole")
    }
    if let last = splitter.last() { found.append(text(last)) }
    return found
}

private func text(_ line: IngestEntry) -> String {
    must((line.bytes?.count ?? 0) <= 100, "no more of a line is kept than may be")
    return "\(line.number) \(line.isBlank) \(line.bytes.map(Array.init) ?? [])"
}

/// Returns the body split at `cuts`, cyclically; in one piece if there are none.
private func pieces(of body: [UInt8], _ cuts: [Int]) -> [ArraySlice<UInt8>] {
    guard !cuts.isEmpty else { return [body[...]] }
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    var index = 0
    while start < body.count {
        let end = min(body.count, start + cuts[index % cuts.count])
        pieces.append(body[start..<end])
        start = end
        index += 1
    }
    return pieces
}
