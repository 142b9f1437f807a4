internal import JSON

@testable internal import Weights

/// Opens bytes as a model, which may be refused.
///
/// A model's arrays must have their declared lengths, its average must be a model with the same arrays, and a written
/// model must be read back unchanged.
func fuzzModelFile(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let format = [nil, .numpy, .binary, .android][input.number(below: 4)] as WeightsFormat?
    let isPacked = input.bool()
    let file = isPacked ? packed(&input) : input.remainder()
    let limits = ModelLimits(byteCountMax: 1 << 20, memberCountMax: 100, directoryByteCountMax: 1 << 16)
    guard let model = try? ModelFile.open(MemorySource(file), as: format, limits: limits) else { return }
    must(format == nil || model.format == format, "a model is read as it was asked for")
    guard (try? model.verify()) != nil, model.arraysByteCount <= 1 << 20 else { return }
    var arrays: [WeightsArray] = []
    for index in model.arrays.indices {
        let array = must("what verifies can be read") { try model.array(index) }
        must(Int64(array.bytes.count) == array.descriptor.byteCount, "an array is as long as it says")
        must(array.values.count == array.descriptor.elementCount, "it has as many elements")
        arrays.append(array)
    }
    average(model)
    guard model.kind == .npz, arrays.allSatisfy({ !$0.descriptor.isBigEndian }) else { return }
    let written = ModelFile.npz(arrays)
    let again = must("what is written is read") { try ModelFile.open(MemorySource(written), as: .numpy) }
    must(again.arrays.map(\.shape) == model.arrays.map(\.shape), "its shapes are the same")
}

private func average(_ model: ModelFile) {
    let updates = [WeightedUpdate(model, weight: 2), WeightedUpdate(model, weight: 1)]
    guard let average = try? FedAvg().aggregate(updates, modelID: "mean") else { return }
    let sink = MemorySink()
    guard (try? average.write(to: sink)) != nil else { return }
    must(Int64(sink.bytes.count) == average.byteCount, "an average has its announced length")
    let mean = must("an average is a model") { try ModelFile.open(MemorySource(sink.bytes), as: average.format) }
    must(mean.arrays.map(\.shape) == model.arrays.map(\.shape), "its arrays are those of its updates")
    must((try? mean.verify()) != nil, "every byte of it verifies")
}

/// Returns an archive with correct checksums, so that its members (arrays, or a container) are read.
private func packed(_ input: inout FuzzInput) -> [UInt8] {
    var members: [(name: String, bytes: [UInt8])] = []
    if input.bool() {
        let metadata = input.bytes(input.number(below: 120))
        members.append((Container.metadataName, metadata))
    }
    for index in 0..<(1 + input.number(below: 3)) {
        let header = input.bytes(input.number(below: 200))
        let isWhole = input.bool()
        let prelude: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(header.count), 0]
        let data = input.bytes(input.number(below: 64))
        let name = members.first?.name == Container.metadataName && index == 0 ? Container.weightsName : "\(index).npy"
        members.append((name, isWhole ? prelude + header + data : header + data))
    }
    let layout = ZipLayout(
        members.map { ZipLayout.Member($0.name, byteCount: Int64($0.bytes.count), checksum: CRC32.of($0.bytes)) }
    )
    let stream = ZipStream(layout, members.map { member in { LiteralBytes(member.bytes) } })
    var file: [UInt8] = []
    while let next = must("bytes in memory are read", { try stream.next() }) { file += next }
    return file
}
