// The accumulator: two's complement register, adder, sticky NaR, and the offer of a finished sum.
//
//   sum' = (clear ? 0 : sum) + addend + round      (round enters as the adder's carry)
//
// An addend of zero holds the sum, so the register needs no enable. The sum has overflown when its
// two topmost bits differ; NaR is then sticky, because one addend is at most half of that range.
//
// Parameters  WIDTH    bits of the sum; ADDEND < WIDTH: bits of the addend, sign included
//             ROUND    1: round_i counts; 0: it is ignored
//             GATED    1: the caller gives zeros when advance_i is 0 or rst_i is 1; 0: done here
// Ports       advance_i  a new addend enters; clear_i it begins a sum; last_i it ends a sum
//             nar_i      the addend is NaR
//             valid_o    acc_o and nar_o are a finished sum (the caller keeps advance_i low until
//                        it is taken)
// Latency     one cycle.

module posit_accumulate #(
    parameter int WIDTH = 64,
    parameter int ADDEND = 50,
    parameter int ROUND = 0,
    parameter int GATED = 0
) (
    input  logic              clk_i,
    input  logic              rst_i,
    input  logic              advance_i,
    input  logic              clear_i,
    input  logic              last_i,
    input  logic              nar_i,
    input  logic [ADDEND-1:0] addend_i,
    input  logic              round_i,
    output logic              valid_o,
    output logic [ WIDTH-1:0] acc_o,
    output logic              nar_o
);

  localparam int Guard = WIDTH - ADDEND;
  localparam int Ripple = (ADDEND > 16) ? 4 : 1;

  logic [WIDTH-1:0] acc_q, acc_d, kept;
  logic nar_q, valid_q;
  logic use_it, keep;
  logic [ADDEND-1:0] addend;

  generate
    if (GATED != 0) begin : g_gated
      assign use_it = 1'b1;
      assign addend = addend_i;
      assign keep = ~(clear_i | rst_i);
    end else begin : g_gate
      assign use_it = advance_i & ~rst_i;
      assign addend = addend_i & {ADDEND{use_it}};
      assign keep = ~((clear_i & advance_i) | rst_i);
    end
  endgenerate

  assign kept = acc_q & {WIDTH{keep}};

  // ---- where the addend has bits: an adder. Its lowest bits ripple: without them the fast part is
  // smaller, and they are done when the slowest bits of the addend come.
  logic [Ripple-1:0] low;
  logic ripple, carry;
  always_comb begin
    ripple = (ROUND != 0) ? round_i & use_it : 1'b0;
    for (int i = 0; i < Ripple; i++) begin
      low[i] = kept[i] ^ addend[i] ^ ripple;
      ripple = (kept[i] & addend[i]) | ((kept[i] ^ addend[i]) & ripple);
    end
  end
  assign acc_d[Ripple-1:0] = low;
  posit_add #(.WIDTH(ADDEND - Ripple)) u_add (
      .a_i(kept[ADDEND-1:Ripple]), .b_i(addend[ADDEND-1:Ripple]), .carry_i(ripple),
      .sum_o(acc_d[ADDEND-1:Ripple]), .carry_o(carry));

  // ---- above it only copies of the sign come in: +1 with a carry, -1 with a sign, nothing with
  // both. Bit i changes when all guard bits below it are ones (+1), or zeros (-1).
  logic negative;
  logic [Guard-1:0] passes, all_below;
  assign negative = addend[ADDEND-1];
  assign passes = kept[WIDTH-1:ADDEND] ^ {Guard{negative}};
  always_comb begin
    for (int i = 0; i < Guard; i++) begin
      all_below[i] = 1'b1;
      for (int j = 0; j < i; j++) all_below[i] = all_below[i] & passes[j];
    end
  end
  assign acc_d[WIDTH-1:ADDEND] =
      kept[WIDTH-1:ADDEND] ^ (all_below & {Guard{carry ^ negative}});

  always_ff @(posedge clk_i) begin
    acc_q <= acc_d;
    nar_q <= (nar_o & keep) | (nar_i & use_it);
    valid_q <= ~rst_i & (advance_i ? last_i : valid_q);
  end

  assign acc_o = acc_q;
  assign nar_o = nar_q | (acc_q[WIDTH-1] ^ acc_q[WIDTH-2]);
  assign valid_o = valid_q;

endmodule
