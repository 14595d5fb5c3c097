/// The pipeline that simulated runs execute: a chain of processes for every sample.
enum SimulatorPipeline {
    /// One process and the typical needs of its tasks.
    struct Process: Sendable {
        let name: String
        let container: String
        let cpus: Int
        /// Bytes that the first attempt requests; each retry doubles them.
        let memory: Int
        /// The run time of a typical task in milliseconds.
        let typicalMilliseconds: Double
        /// The probability that an attempt fails, relative to the other processes.
        let fragility: Double
    }

    static let name = "weir-demo/readmap"

    static let processes: [Process] = [
        Process(
            name: "READMAP:QC:FASTQC",
            container: "quay.io/weir/fastqc:0.12.1",
            cpus: 2,
            memory: 2 << 30,
            typicalMilliseconds: 90_000,
            fragility: 0.3
        ),
        Process(
            name: "READMAP:TRIM_READS",
            container: "quay.io/weir/fastp:0.23.4",
            cpus: 4,
            memory: 4 << 30,
            typicalMilliseconds: 180_000,
            fragility: 0.6
        ),
        Process(
            name: "READMAP:ALIGN",
            container: "quay.io/weir/bwa-mem2:2.2.1",
            cpus: 8,
            memory: 16 << 30,
            typicalMilliseconds: 900_000,
            fragility: 2.2
        ),
        Process(
            name: "READMAP:SORT_INDEX",
            container: "quay.io/weir/samtools:1.19",
            cpus: 4,
            memory: 8 << 30,
            typicalMilliseconds: 240_000,
            fragility: 1.1
        ),
        Process(
            name: "READMAP:CALL_VARIANTS",
            container: "quay.io/weir/bcftools:1.19",
            cpus: 2,
            memory: 4 << 30,
            typicalMilliseconds: 420_000,
            fragility: 0.8
        ),
    ]

    static let adjectives = [
        "agitated", "boring", "clever", "distracted", "elated", "focused", "golden", "hungry", "irreverent",
        "jolly", "kickass", "lonely", "maniac", "nasty", "pensive", "romantic", "sleepy", "tender",
        "voluminous",
    ]

    static let scientists = [
        "avogadro", "bell", "curie", "darwin", "euler", "franklin", "goodall", "hopper", "jones", "kepler",
        "lovelace", "mendel", "noyce", "pasteur", "ride", "sanger", "turing", "volta", "wing", "yonath",
    ]

    static let users = ["mira", "ada", "jonas", "wei", "fatima"]
}
