// posit_decode for an ES that is chosen at run time, 0..2.
//
// The regime does not depend on ES, so posit_decode with ES = 0 does the work: it gives the regime
// as exponent and the tail (exponent and fraction bits) as fraction. Here the tail is divided.
//
// Parameters  N      4..16;  EXP: bits of nexp_o, at least ceil(log2(4*N-7)) + 1
// Ports       code_i   posit<N,es_i>;  es_i 0..2 (3 reads as 2)
//             sig_o    {sign, hidden, N-3 fraction bits}, two's complement; 0 for zero and for NaR
//             nexp_o   -1 - T, two's complement: value = sig * 2^(T - (N-3))
//             nar_o    code_i is NaR
// Latency     combinational.

module posit_decode_es #(
    parameter int N = 16,
    parameter int EXP = 8
) (
    input  logic [N-1:0] code_i,
    input  logic [  1:0] es_i,
    output logic [N-2:0] sig_o,
    output logic [EXP-1:0] nexp_o,
    output logic         nar_o
);

  localparam int RegimeBits = $clog2(N - 1) + 1;

  logic [N-2:0] sig;
  logic [RegimeBits-1:0] biased;
  logic [N-2:0] tail;            // N-3 bits and two zeros
  logic sign, exists;
  logic [EXP-1:0] regime;            // two's complement
  logic [1:0] exponent;
  logic [N-4:0] fraction;
  logic one, two;                // es = 1, es = 2

  posit_decode #(.N(N), .ES(0)) u_decode (
      .code_i, .sig_o(sig), .exp_o(biased), .nar_o);

  assign sign = sig[N-2];
  assign exists = ~nar_o;
  assign two = es_i[1];
  assign one = es_i[0] & ~es_i[1];
  assign tail = {sig[N-4:0], 2'b00};
  assign regime = {{(EXP + 1 - RegimeBits) {~biased[RegimeBits-1]}}, biased[RegimeBits-2:0]};
  assign exponent = tail[N-2:N-3] ^ {2{sign}};

  always_comb begin
    if (two) begin
      fraction = tail[N-4:0];
      nexp_o = ~{regime[EXP-3:0], exponent};
    end else if (one) begin
      fraction = tail[N-3:1];
      nexp_o = ~{regime[EXP-2:0], exponent[1]};
    end else begin
      fraction = tail[N-2:2];
      nexp_o = ~regime;
    end
  end
  assign sig_o = {sign & exists, sig[N-3], fraction};

endmodule
